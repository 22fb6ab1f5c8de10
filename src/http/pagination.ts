import { invalidField } from "../core/errors.ts";

export interface Position {
  value: string | number;
  id: string;
}

const integerParameters = ["limit", "unused_for_days"];

/**
 * For the `transform` of a list's route: the digits of `?limit=` and the like as numbers, before
 * validation. Elysia's own coercion loses the parameter's name when the number does not fit.
 */
export function readIntegers({ query }: { query: object }): void {
  const parameters = query as Record<string, unknown>;
  for (const name of integerParameters) {
    const text = parameters[name];
    if (typeof text === "string" && /^\d{1,9}$/.test(text)) parameters[name] = Number(text);
  }
}

/** A cursor is a place in one order, as base64url JSON; it holds nothing that the page did not show. */
export function encodeCursor(sort: string, value: string | number, id: string): string {
  return Buffer.from(JSON.stringify([sort, value, id])).toString("base64url");
}

/** Reads a cursor back. Throws a 422 for anything that `encodeCursor` did not make for this order. */
export function decodeCursor(cursor: string, sort: string, type: "string" | "number"): Position {
  const parts = readParts(cursor);
  const [madeFor, value, id] = Array.isArray(parts) ? parts : [];
  const isValue = type === "number" ? Number.isSafeInteger(value) : typeof value === "string";
  const isPosition = isValue && typeof id === "string" && parts.length === 3;
  if (!isPosition || madeFor !== sort) {
    throw invalidField("cursor", "Not a cursor of this list in this order. Start without one.");
  }
  return { value: value as string | number, id };
}

function readParts(cursor: string) {
  try {
    return JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
  } catch {
    return undefined;
  }
}
