import { lt, lte, sql } from "drizzle-orm";
import { dayMs, hourMs } from "../core/clock.ts";
import type { Logger } from "../core/log.ts";
import { Repeating } from "../core/repeating.ts";
import type { Database } from "./client.ts";
import {
  idempotentAnswers,
  invalidations,
  links,
  runtimes,
  secrets,
  sessions,
  webhookDeliveries,
  webhookEvents,
} from "./tables/index.ts";

export const maintenanceIntervalMs = hourMs;
/** Rotated secrets and runtimes are remembered this long after their end. */
const endedSecretsKeptMs = 30 * dayMs;
/** Invalidations kept for readers that are behind; one that is further behind forgets everything. */
const invalidationsKept = 10_000;

/** Events are deleted so many at a time, so that no charge waits long for its turn. */
const eventsDeletedAtOnce = 500;
/** Rounds of one run; what is left over goes with the next. */
const eventRoundsMax = 200;

/** Deletes what has outlived its use, so that the file stays bounded by what is alive. */
export async function runMaintenance(db: Database, nowMs: number): Promise<void> {
  const newest = sql`(SELECT coalesce(max(sequence), 0) FROM ${invalidations})`;
  await db.write.batch([
    db.write.delete(idempotentAnswers).where(lte(idempotentAnswers.expiresAtMs, nowMs)),
    db.write
      .delete(invalidations)
      .where(lt(invalidations.sequence, sql`${newest} - ${invalidationsKept}`)),
    db.write.delete(secrets).where(lt(secrets.expiresAtMs, nowMs - endedSecretsKeptMs)),
    db.write.delete(runtimes).where(lt(runtimes.expiresAtMs, nowMs - endedSecretsKeptMs)),
    db.write.delete(sessions).where(lte(sessions.expiresAtMs, nowMs)),
    db.write.delete(links).where(lte(links.expiresAtMs, nowMs)),
  ]);
}

/**
 * Deletes events from before a moment with their deliveries, but none that still waits for a webhook. It asks
 * between two transactions whether it is to end.
 */
export async function deleteOldEvents(
  db: Database,
  beforeMs: number,
  isStopped = () => false,
): Promise<void> {
  const waiting = sql`SELECT 1 FROM ${webhookDeliveries} AS delivery
    WHERE delivery.event_id = event.id AND delivery.state = 'pending'`;
  for (let round = 0; round < eventRoundsMax && !isStopped(); round++) {
    const deleted = await db.write.run(sql`
      DELETE FROM ${webhookEvents} WHERE id IN (
        SELECT event.id FROM ${webhookEvents} AS event
        WHERE event.created_at_ms < ${beforeMs} AND NOT EXISTS (${waiting})
        ORDER BY event.created_at_ms LIMIT ${eventsDeletedAtOnce})`);
    if (deleted.rowsAffected < eventsDeletedAtOnce) return;
  }
}

/** Runs it every hour, until it is stopped. */
export function scheduleMaintenance(
  db: Database,
  options: { nowMs: () => number; eventsKeptMs: number; log: Logger },
): Repeating {
  const { nowMs, eventsKeptMs, log } = options;
  const runs: Repeating = new Repeating({
    everyMs: maintenanceIntervalMs,
    run: async () => {
      await runMaintenance(db, nowMs());
      await deleteOldEvents(db, nowMs() - eventsKeptMs, () => runs.isStopped);
    },
    log,
    failed: "Maintenance failed; it is tried again in an hour",
    recovered: "Maintenance works again",
  });
  runs.start();
  return runs;
}
