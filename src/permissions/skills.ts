/**
 * What hats are made of: `*` (every skill), `github/*` (those of an integration), `github/create-issue`
 * (one skill) and `gmail/send-message#attach` (one tool of a skill).
 */
const name = "[a-zA-Z0-9][a-zA-Z0-9._-]{0,63}";
export const skillPatternSyntax = `^(\\*|${name}/(\\*|${name}(#${name})?))$`;

/** A skill or one of its tools, as somebody asks for it. */
export const skillSyntax = `^${name}/${name}(#${name})?$`;

export const skillPatternLengthMax = 194;

/** The integration that a skill belongs to: `github` of `github/create-issue`. */
export function integrationOf(skill: string): string {
  return skill.slice(0, skill.indexOf("/"));
}

/** Patterns, ready to be asked: a question is a few look-ups, however many there are. */
export class SkillSet {
  /** Without those that another one covers, sorted. */
  readonly patterns: readonly string[];
  readonly #held: ReadonlySet<string>;
  /** The skills of which single tools are held. */
  readonly #partial: ReadonlySet<string>;

  constructor(patterns: readonly string[]) {
    const all = new Set(patterns);
    this.#held = all;
    this.patterns = [...all].filter((pattern) => !isCoveredByOther(all, pattern)).toSorted();
    this.#partial = new Set(this.patterns.filter((text) => text.includes("#")).map(skillOf));
  }

  /** Whether the whole of the skill, tool or pattern is held. */
  covers(wanted: string): boolean {
    return this.#held.has(wanted) || isCoveredByOther(this.#held, wanted);
  }

  /** Whether the skill can be seen: it is held, or a tool of it is. */
  shows(skill: string): boolean {
    return this.covers(skill) || this.#partial.has(skill);
  }

  /** What both hold. */
  intersect(other: SkillSet): SkillSet {
    const both = [
      ...this.patterns.filter((pattern) => other.covers(pattern)),
      ...other.patterns.filter((pattern) => this.covers(pattern)),
    ];
    return new SkillSet(both);
  }
}

/** The patterns above one: `gmail/send-message`, `gmail/*` and `*` of `gmail/send-message#attach`. */
function isCoveredByOther(held: ReadonlySet<string>, pattern: string): boolean {
  if (pattern === "*") return false;
  if (held.has("*")) return true;
  const all = `${integrationOf(pattern)}/*`;
  if (pattern !== all && held.has(all)) return true;
  return pattern.includes("#") && held.has(skillOf(pattern));
}

function skillOf(pattern: string): string {
  return pattern.slice(0, pattern.indexOf("#"));
}
