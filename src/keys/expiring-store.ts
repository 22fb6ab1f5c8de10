import { and, asc, gt, inArray, isNull, lte, sql } from "drizzle-orm";
import type { Database } from "../db/client.ts";
import { keys, webhookEvents } from "../db/tables/index.ts";
import { insertKeyEvents } from "../webhooks/event-store.ts";

/** What happens once for a key and an end: a key whose end is moved expires anew. */
const onceName = sql`'key.expiring ' || ${keys.id} || ' ' || ${keys.expiresAtMs}`;

/** The ids of living keys that end before `untilMs` and of which nobody was told. */
export async function findExpiringKeys(
  db: Database,
  { nowMs, untilMs, limit }: { nowMs: number; untilMs: number; limit: number },
): Promise<string[]> {
  const told = sql`SELECT 1 FROM ${webhookEvents} WHERE ${webhookEvents.onceName} = ${onceName}`;
  const rows = await db.read
    .select({ id: keys.id })
    .from(keys)
    .where(
      and(
        isNull(keys.revokedAtMs),
        gt(keys.expiresAtMs, nowMs),
        lte(keys.expiresAtMs, untilMs),
        sql`NOT EXISTS (${told})`,
      ),
    )
    .orderBy(asc(keys.expiresAtMs))
    .limit(limit);
  return rows.map(({ id }) => id);
}

/** Tells that keys will end soon. */
export async function tellExpiring(
  db: Database,
  ids: readonly string[],
  nowMs: number,
): Promise<void> {
  const which = and(
    inArray(keys.id, [...ids]),
    isNull(keys.revokedAtMs),
    gt(keys.expiresAtMs, nowMs),
  );
  const [first, ...rest] = insertKeyEvents(db, which, { type: "key.expiring", nowMs, onceName });
  if (first !== undefined) await db.write.batch([first, ...rest]);
}
