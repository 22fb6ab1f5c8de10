import { redactAfter } from "../core/log.ts";
import type { Dialect } from "./dialect.ts";
import * as list from "./list.ts";

/** Every dialect, by the word that an operator sets. */
export const dialects = list satisfies Record<string, Dialect>;
export type DialectName = keyof typeof dialects;

export const defaultDialectName = "standard" satisfies DialectName;
/** The default first. */
export const dialectNames: readonly [DialectName, ...DialectName[]] = [
  defaultDialectName,
  ...(Object.keys(dialects) as DialectName[]).filter((name) => name !== defaultDialectName),
];

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
// Here, so that a new dialect's secrets are kept out of the log by its line in the list alone.
redactAfter(knownPrefixes);
