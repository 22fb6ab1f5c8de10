import { inArray } from "drizzle-orm";
import type { Database } from "../db/client.ts";
import { spends } from "../db/tables/index.ts";
import type { Spend } from "./spend-windows.ts";

/** What spenders have spent, by their ids: a page of them at most. Who spent nothing is missing. */
export async function findSpends(
  db: Database,
  spenderIds: readonly string[],
): Promise<ReadonlyMap<string, Spend>> {
  if (spenderIds.length === 0) return new Map();
  const rows = await db.lookup
    .select()
    .from(spends)
    .where(inArray(spends.spenderId, [...spenderIds]));
  return new Map(rows.map(({ spenderId, ...spend }) => [spenderId, spend]));
}
