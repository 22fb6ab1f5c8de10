import { type TSchema, Type } from "@sinclair/typebox";
import { invalidField } from "../core/errors.ts";
import type { Page } from "../db/page.ts";
import { nullable, strictObject } from "./schema-parts.ts";

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

const pageSizeDefault = 20;

/** The parameters of the list that `order` names, in the order of creation. */
export function pageParameters(order: string) {
  return {
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 100,
        default: pageSizeDefault,
        description: "Rows in a page.",
        examples: [pageSizeDefault],
      }),
    ),
    cursor: Type.Optional(
      Type.String({
        maxLength: 512,
        description: "`next_cursor` of the page before.",
        examples: [encodeCursor(order, Date.UTC(2026, 10, 21), exampleId)],
      }),
    ),
  };
}

/** An id that any row of a list could have. */
const exampleId = `x_${"0".repeat(32)}`;

/** The parameters of a list that has no others. */
export const pageQuery = (order: string) => strictObject(pageParameters(order));

/** The schema of a page of such a list. */
export function pageSchema<T extends TSchema>(item: T, title: string, description: string) {
  return strictObject(
    {
      data: Type.Array(item),
      next_cursor: nullable(Type.String(), { description: "For the next page; null on the last." }),
    },
    { title, description },
  );
}

/** The page that a query asks for. `order` names the list. Throws 422 for another list's cursor. */
export function pageOf(
  { limit = pageSizeDefault, cursor }: { limit?: number; cursor?: string },
  order: string,
): Page {
  if (cursor === undefined) return { limit, after: undefined };
  const { value, id } = decodeCursor(cursor, order, "number");
  return { limit, after: { createdAtMs: Number(value), id } };
}

/** The page as it is answered, of rows that were asked for with one to spare. */
export function toPage<Row extends { createdAtMs: number; id: string }, Item>(
  rows: readonly Row[],
  { limit }: Page,
  order: string,
  describe: (row: Row) => Item,
): { data: Item[]; next_cursor: string | null } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const isLast = rows.length <= limit || last === undefined;
  return {
    data: shown.map(describe),
    next_cursor: isLast ? null : encodeCursor(order, last.createdAtMs, last.id),
  };
}
