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

interface ScopeList {
  items?: { pattern?: string; maxLength?: number };
  maxItems?: number;
  description?: string;
  examples?: readonly (readonly string[])[];
}

/**
 * The schema of scopes in a request, from that of the standard list: still a list of texts, since clients
 * are generated from it. That one text may stand for the list is in words alone.
 */
export function describeWrittenScopes(words: ScopeWords, standard: ScopeList) {
  const { items = {}, maxItems = 1, description, examples = [] } = standard;
  const described = { ...standard, description: `${description} ${words.description}` };
  if (words.commaLists !== true) return described;
  const scope = items.pattern?.replace(/^\^|\$$/g, "");
  return {
    ...described,
    items: {
      ...items,
      maxLength: maxItems * ((items.maxLength ?? 0) + 1),
      pattern: `^ *${scope} *(, *${scope} *)*$`,
    },
    examples: examples.map((list) => [list.join(",")]),
  };
}

const trimmed = (text: string) => text.trim();
