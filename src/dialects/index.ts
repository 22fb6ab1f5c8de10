import type { Dialect } from "./dialect.ts";
import { searchrouter } from "./searchrouter.ts";
import { skilder } from "./skilder.ts";
import { skillboss } from "./skillboss.ts";
import { skillett } from "./skillett.ts";
import { skillrouter } from "./skillrouter.ts";
import { standard } from "./standard.ts";

/** Every dialect, by the word that an operator sets. The first is the default. */
export const dialects = {
  standard,
  skillrouter,
  skillboss,
  skillett,
  searchrouter,
  skilder,
} as const satisfies Record<string, Dialect>;
export type DialectName = keyof typeof dialects;

export const dialectNames = Object.keys(dialects) as [DialectName, ...DialectName[]];
export const [defaultDialectName] = dialectNames;

/** The dialect of this name; the default for one that this binary does not have. */
export function dialectOf(name: string): Dialect {
  return Object.hasOwn(dialects, name)
    ? dialects[name as DialectName]
    : dialects[defaultDialectName];
}

/** What secrets of any dialect begin with: all of them verify, whichever is on. */
export const knownPrefixes: ReadonlySet<string> = new Set(
  Object.values(dialects).flatMap(({ prefixes }) =>
    Object.values(prefixes).flatMap((table) => Object.values(table)),
  ),
);
