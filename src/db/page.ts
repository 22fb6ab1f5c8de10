import { type SQL, sql } from "drizzle-orm";
import type { AnySQLiteColumn } from "drizzle-orm/sqlite-core";

/** A page of a list in the order of creation, or against it: how many rows, and after which one. */
export interface Page {
  limit: number;
  after: { createdAtMs: number; id: string } | undefined;
}

/** The rows behind the page's start. Ask for one more than `limit`: it tells whether there is a next page. */
export function isAfter(
  { after }: Page,
  createdAtMs: AnySQLiteColumn,
  id: AnySQLiteColumn,
): SQL | undefined {
  return after && sql`(${createdAtMs}, ${id}) > (${after.createdAtMs}, ${after.id})`;
}

/** The same for a list that begins with the newest. */
export function isBefore(
  { after }: Page,
  createdAtMs: AnySQLiteColumn,
  id: AnySQLiteColumn,
): SQL | undefined {
  return after && sql`(${createdAtMs}, ${id}) < (${after.createdAtMs}, ${after.id})`;
}
