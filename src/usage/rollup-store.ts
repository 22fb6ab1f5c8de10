import { eq, max, type SQL, sql } from "drizzle-orm";
import {
  admittedStatus,
  type UsageInterval,
  usageIntervalMs,
  usageIntervals,
} from "../core/usage.ts";
import type { Alongside, Database } from "../db/client.ts";
import { ledger, organizations, usageCursor, usageRollups } from "../db/tables/index.ts";
import { isOvertaken, requireChanges } from "../db/write-guard.ts";

/** Requests of one minute that are to be added. */
export interface RequestCount {
  organizationId: string;
  minuteMs: number;
  keyId: string;
  subject: string;
  status: string;
  workspaceId: string;
  userId: string | null;
  requests: number;
}

/** How far the rollups are behind the ledger, by sequence. */
export interface Progress {
  cursor: number;
  newest: number;
}

/** Rows one transaction deletes. */
const forgottenAtOnce = 1_000;

/** Where the rollups are, and where the ledger is. */
export async function readProgress(db: Database): Promise<Progress> {
  const [row] = await db.lookup
    .select({
      cursor: usageCursor.ledgerSequence,
      newest: sql<number>`coalesce((${db.lookup.select({ newest: max(ledger.sequence) }).from(ledger)}), 0)`,
    })
    .from(usageCursor)
    .where(eq(usageCursor.id, 1));
  if (row === undefined) throw new Error("The row of usage_cursor is missing.");
  return row;
}

/**
 * Adds the charges above `cursor`, up to `upTo`, to their minutes, hours and days, and moves the cursor in the
 * same transaction. Returns how many rows that were; undefined, and has done nothing, when somebody else moved
 * it: each charge is added once.
 */
export async function rollUp(
  db: Database,
  { cursor, upTo }: { cursor: number; upTo: number },
): Promise<number | undefined> {
  try {
    const results = await db.write.batch([
      db.write.run(sql`
        UPDATE ${usageCursor} SET ledger_sequence = ${upTo}
        WHERE id = 1 AND ledger_sequence = ${cursor}`),
      requireChanges(db, 1),
      addToRollups(
        db,
        sql`SELECT organization_id, at_ms - at_ms % 60000 AS minute_ms, coalesce(key_id, '') AS key_id,
            coalesce(subject, '') AS subject, ${admittedStatus} AS status,
            coalesce(max(workspace_id), '') AS workspace_id, max(user_id) AS user_id,
            0 AS requests, count(*) AS charges, -sum(amount_micros) AS cost_micros
          FROM ${ledger}
          WHERE sequence > ${cursor} AND sequence <= ${upTo} AND kind = 'charge'
          GROUP BY 1, 2, 3, 4`,
      ),
    ]);
    return results[2].rowsAffected;
  } catch (error) {
    if (isOvertaken(error)) return undefined;
    throw error;
  }
}

/** Adds requests to their minutes, hours and days, in one transaction. */
export async function addRequests(db: Database, counts: readonly RequestCount[]): Promise<void> {
  if (counts.length === 0) return;
  const rows = counts.map((count) => [
    count.organizationId,
    count.minuteMs,
    count.keyId,
    count.subject,
    count.status,
    count.workspaceId,
    count.userId,
    count.requests,
  ]);
  await addToRollups(
    db,
    sql`SELECT value ->> 0 AS organization_id, value ->> 1 AS minute_ms, value ->> 2 AS key_id,
        value ->> 3 AS subject, value ->> 4 AS status, value ->> 5 AS workspace_id,
        value ->> 6 AS user_id, value ->> 7 AS requests, 0 AS charges, 0 AS cost_micros
      FROM json_each(${JSON.stringify(rows)})`,
  );
}

/** Each minute is worked out once, and added to itself, its hour and its day. */
function addToRollups(db: Database, minutes: SQL): Alongside[number] {
  const startMs = sql`minute_ms - minute_ms % units.ms`;
  return db.write.run(sql`
    INSERT INTO ${usageRollups} (organization_id, interval, start_ms, key_id, subject, status,
      workspace_id, user_id, requests, charges, cost_micros)
    WITH minutes AS MATERIALIZED (${minutes})
    SELECT organization_id, units.interval, ${startMs}, key_id, subject, status, workspace_id,
      user_id, requests, charges, cost_micros
    FROM (${units}) AS units CROSS JOIN minutes
    WHERE ${startMs} >= units.from_ms
    ON CONFLICT DO UPDATE SET requests = requests + excluded.requests,
      charges = charges + excluded.charges, cost_micros = cost_micros + excluded.cost_micros`);
}

/**
 * Moves up to where usage is kept from. What is earlier is neither rolled up nor shown from then on, so that
 * nothing brings back what is deleted. A clock that was years ahead is forgiven: usage begins anew with the
 * next bucket.
 */
export async function raiseFloors(
  db: Database,
  { nowMs, keptMs }: { nowMs: number; keptMs: Readonly<Record<UsageInterval, number>> },
): Promise<void> {
  const floor = (interval: UsageInterval) => {
    const unitMs = usageIntervalMs[interval];
    const horizonMs = Math.floor((nowMs - keptMs[interval]) / unitMs) * unitMs;
    const nextMs = (Math.floor(nowMs / unitMs) + 1) * unitMs;
    const column = floorColumn(interval);
    return sql`${column} = CASE WHEN ${column} > ${nextMs} THEN ${nextMs} ELSE max(${column}, ${horizonMs}) END`;
  };
  const floors = sql.join(usageIntervals.map(floor), sql`, `);
  await db.write.run(sql`UPDATE ${usageCursor} SET ${floors} WHERE id = 1`);
}

/**
 * Deletes some of what is kept no longer. Returns whether there may be more. The reading thread looks for it,
 * organization by organization; the writing one, which charges share, is only told the rows.
 */
export async function forgetSome(db: Database, interval: UsageInterval): Promise<boolean> {
  const isOld = sql`interval = ${interval}
    AND start_ms < (SELECT ${floorColumn(interval)} FROM ${usageCursor} WHERE id = 1)`;
  const [found] = await db.read.all<{ rowids: string; count: number }>(sql`
    SELECT json_group_array(id) AS rowids, count(*) AS count FROM (
      SELECT usage_rollups.rowid AS id FROM ${organizations} CROSS JOIN ${usageRollups}
      WHERE organization_id = organizations.id AND ${isOld} LIMIT ${forgottenAtOnce})`);
  if (found === undefined || found.count === 0) return false;
  // Asked again what it is: a row's number can be taken anew when somebody else deleted the row.
  await db.write.run(sql`
    DELETE FROM ${usageRollups}
    WHERE rowid IN (SELECT value FROM json_each(${found.rowids})) AND ${isOld}`);
  return found.count === forgottenAtOnce;
}

/** `minute_from_ms` and the like. */
export function floorColumn(interval: UsageInterval): SQL {
  return sql.identifier(`${interval}_from_ms`).getSQL();
}

const units = sql.join(
  usageIntervals.map(
    (interval) => sql`
      SELECT ${sql.raw(`'${interval}'`)} AS interval, ${sql.raw(String(usageIntervalMs[interval]))} AS ms,
        ${floorColumn(interval)} AS from_ms FROM ${usageCursor} WHERE id = 1`,
  ),
  sql` UNION ALL `,
);
