/** The alphabet and length of a scope, for schemas; see `isValidScope` for where `*` may stand. */
export const scopeSyntax = "[a-zA-Z0-9:._/*-]{1,128}";
const scopePattern = new RegExp(`^${scopeSyntax}$`);

export const scopesMax = 100;

/** In these families the part behind the colon is a glob: `*` may stand anywhere in it. */
const globFamilies = ["model:", "provider:"] as const;
type GlobFamily = (typeof globFamilies)[number];

/**
 * A scope is `*` (everything), a plain string, or one whose last segment is `*`. Segments are cut by
 * `:`, `/` and `.`. Only `model:` and `provider:` take a glob.
 */
export function isValidScope(scope: string): boolean {
  if (!scopePattern.test(scope)) return false;
  if (globFamilies.some((family) => scope.startsWith(family) && scope.length > family.length)) {
    return true;
  }
  const star = scope.indexOf("*");
  return star === -1 || (star === scope.length - 1 && (star === 0 || isSeparator(scope[star - 1])));
}

/** True when one of the held scopes covers the wanted one. */
export function holdsScope(held: readonly string[], wanted: string): boolean {
  // Most are held word for word, which is found without a look at each one's pattern.
  return held.includes(wanted) || held.some((scope) => covers(scope, wanted));
}

/** The first wanted scope that is not covered, or undefined when all are. */
export function missingScope(
  held: readonly string[],
  wanted: readonly string[],
): string | undefined {
  return wanted.find((scope) => !holdsScope(held, scope));
}

/**
 * A key that holds no scope of a family is not narrowed in it; one that holds some is held to them.
 * So `execute` may use every model and `execute model:gpt-*` only those.
 */
export function familyAllows(held: readonly string[], family: GlobFamily, name: string): boolean {
  if (held.includes("*")) return true;
  const globs = held.filter((scope) => scope.startsWith(family));
  return globs.length === 0 || globs.some((scope) => matchesGlob(scope, family + name));
}

/** True when `scope`, as held, includes `wanted` (which may itself be a pattern). */
export function covers(scope: string, wanted: string): boolean {
  if (scope === "*" || scope === wanted) return true;
  if (!scope.includes("*")) return isSameIntegration(scope, wanted);
  if (globFamilies.some((family) => scope.startsWith(family))) return matchesGlob(scope, wanted);
  const stem = scope.slice(0, -1);
  return wanted.startsWith(stem) && wanted.length > stem.length;
}

const integrationFamily = "integration:";
/** How an integration is called. */
const bareName = /^[a-z0-9][a-z0-9_-]*$/;

/** Whether the scope names an integration, in full or barely. */
export function isIntegrationScope(scope: string): boolean {
  if (scope.startsWith(integrationFamily)) return true;
  return scope !== "discover" && scope !== "execute" && bareName.test(scope);
}

/** A bare name is read as an integration's: `github` and `integration:github` are one scope. */
function isSameIntegration(a: string, b: string): boolean {
  const long = a.length > b.length ? a : b;
  const name = a.length > b.length ? b : a;
  if (long.length !== name.length + integrationFamily.length) return false;
  if (!long.startsWith(integrationFamily) || !long.endsWith(name)) return false;
  return isIntegrationScope(name);
}

/** Glob match in linear time: `*` is any run of characters. A `*` in `text` is a literal here. */
export function matchesGlob(glob: string, text: string): boolean {
  const star = glob.indexOf("*");
  if (star === -1) return glob === text;
  if (!text.startsWith(glob.slice(0, star))) return false;
  const parts = glob.split("*");
  const first = parts[0] as string;
  const last = parts[parts.length - 1] as string;
  if (text.length < first.length + last.length) return false;
  if (!text.endsWith(last)) return false;
  let at = first.length;
  const end = text.length - last.length;
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at);
    if (found === -1 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

function isSeparator(character: string | undefined): boolean {
  return character === ":" || character === "/" || character === ".";
}
