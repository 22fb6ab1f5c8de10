import type { ScopeWords } from "./dialect.ts";

/**
 * The scopes of a request as the standard list. What is no list of texts is left to validation, and so
 * are texts that are no scopes.
 */
export function readScopes(words: ScopeWords | undefined, given: unknown): unknown {
  if (words === undefined) return given;
  const list = typeof given === "string" && words.commaLists === true ? [given] : given;
  if (!Array.isArray(list)) return list;
  const { aliases = {}, commaLists } = words;
  const parts = list.flatMap((item: unknown) =>
    commaLists === true && typeof item === "string" ? item.split(",").map(trimmed) : [item],
  );
  return parts.flatMap((item): readonly unknown[] =>
    typeof item === "string" && Object.hasOwn(aliases, item) ? (aliases[item] ?? []) : [item],
  );
}

const trimmed = (text: string) => text.trim();
