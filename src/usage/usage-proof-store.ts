import { sql } from "drizzle-orm";
import { type UsageInterval, usageIntervalMs, usageIntervals } from "../core/usage.ts";
import type { Database } from "../db/client.ts";
import { ledger, usageCursor, usageRollups } from "../db/tables/index.ts";
import { floorColumn } from "./rollup-store.ts";

/** Rollups that are not the sum of their charges. */
export interface UsageFault {
  organizationId: string;
  interval: UsageInterval;
  startMs: number;
  keyId: string;
  subject: string;
  /** What the rollups hold too much, or too little. */
  extraCharges: number;
  extraMicros: number;
}

/**
 * Adds the charges up anew, as far as the rollups hold them, and compares: each minute, hour and day that is
 * kept, by key and subject. Returns the first that differs, of one organization or of all.
 */
export async function findUsageFault(
  db: Database,
  organizationId?: string,
): Promise<UsageFault | undefined> {
  for (const interval of usageIntervals) {
    const fault = await findFaultOf(db, interval, organizationId);
    if (fault !== undefined) return { ...fault, interval };
  }
  return undefined;
}

async function findFaultOf(
  db: Database,
  interval: UsageInterval,
  organizationId: string | undefined,
): Promise<Omit<UsageFault, "interval"> | undefined> {
  const unitMs = sql.raw(String(usageIntervalMs[interval]));
  const ofOne = organizationId === undefined ? sql`` : sql`AND organization_id = ${organizationId}`;
  const [fault] = await db.read.all<Omit<UsageFault, "interval">>(sql`
    WITH
      progress AS (SELECT ledger_sequence, ${floorColumn(interval)} AS from_ms FROM ${usageCursor} WHERE id = 1),
      parts AS (
        SELECT organization_id, start_ms, key_id, subject, charges, cost_micros
        FROM ${usageRollups}
        WHERE interval = ${interval} AND start_ms >= (SELECT from_ms FROM progress) ${ofOne}
        UNION ALL
        SELECT organization_id, at_ms - at_ms % ${unitMs}, coalesce(key_id, ''), coalesce(subject, ''),
          -1, amount_micros
        FROM ${ledger}
        WHERE sequence <= (SELECT ledger_sequence FROM progress) AND kind = 'charge'
          AND at_ms >= (SELECT from_ms FROM progress) ${ofOne}
      )
    SELECT organization_id AS "organizationId", start_ms AS "startMs", key_id AS "keyId", subject,
      sum(charges) AS "extraCharges", sum(cost_micros) AS "extraMicros"
    FROM parts GROUP BY organization_id, start_ms, key_id, subject
    HAVING sum(charges) <> 0 OR sum(cost_micros) <> 0 LIMIT 1`);
  return fault;
}
