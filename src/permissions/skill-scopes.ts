import { covers, holdsScope, isIntegrationScope } from "./scopes.ts";
import { integrationOf, type SkillSet } from "./skills.ts";

export const skillActions = ["discover", "execute"] as const;
export type SkillAction = (typeof skillActions)[number];

/** What a key's scopes let it do with skills, worked out once when the key is read. */
export interface SkillScopes {
  readonly discover: boolean;
  readonly execute: boolean;
  /** The scopes that narrow the key to integrations; null when none does. */
  readonly integrations: readonly string[] | null;
}

/**
 * `discover` and `execute` say what, `integration:github` says where. A key that names integrations is
 * held to them; one that names integrations and nothing else may do both there. A bare name such as
 * `github` is read as `integration:github`: read as nothing, it would leave the key unnarrowed.
 */
export function skillScopesOf(scopes: readonly string[]): SkillScopes {
  if (scopes.includes("*")) return { discover: true, execute: true, integrations: null };
  const named = scopes.filter(isIntegrationScope);
  const discover = scopes.includes("discover");
  const execute = scopes.includes("execute");
  const isBoth = named.length > 0 && !discover && !execute;
  return {
    discover: discover || isBoth,
    execute: execute || isBoth,
    integrations: named.length === 0 ? null : named,
  };
}

/** The scope that is missing for an action on a skill; undefined when none is. */
export function missingSkillScope(
  scopes: SkillScopes,
  action: SkillAction,
  skill: string,
): string | undefined {
  if (!scopes[action]) return action;
  if (scopes.integrations === null) return undefined;
  const wanted = `integration:${integrationOf(skill)}`;
  return scopes.integrations.some((held) => covers(held, wanted)) ? undefined : wanted;
}

/** What a request asks for, and of which skill. */
interface Asked {
  readonly scopes: readonly string[];
  readonly skill?: string | undefined;
}

/**
 * The first asked scope that a key lacks. Of a skill, `discover` and `execute` are answered by what its scopes
 * make of it: a key that holds `github` and nothing else executes there without holding the word. Without
 * a skill it has to hold the word, for that would be everywhere.
 */
export function missingAskedScope(
  held: { readonly scopes: readonly string[]; readonly skillScopes: SkillScopes },
  { scopes, skill }: Asked,
): string | undefined {
  for (const scope of scopes) {
    if (skill !== undefined && isSkillAction(scope)) {
      const missing = missingSkillScope(held.skillScopes, scope, skill);
      if (missing !== undefined) return missing;
    } else if (!holdsScope(held.scopes, scope)) return scope;
  }
  return undefined;
}

/** Whether hats let the action be done: all of a skill is run, but it is found by one tool of it. */
export function isInHats(skills: SkillSet | null, action: SkillAction, skill: string): boolean {
  if (skills === null) return true;
  return action === "discover" ? skills.shows(skill) : skills.covers(skill);
}

function isSkillAction(scope: string): scope is SkillAction {
  return scope === "discover" || scope === "execute";
}

/** The skills of the integration that a scope names, as a pattern. */
export function integrationScopePattern(scope: string): string {
  const name = scope.startsWith("integration:") ? scope.slice("integration:".length) : scope;
  return name === "*" ? "*" : `${name}/*`;
}
