import { lt, lte, sql } from "drizzle-orm";
import { dayMs, hourMs, minuteMs } from "../core/clock.ts";
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
/** The first run: one that is restarted often is tidied too, and the start has the disk for itself. */
const firstMaintenanceMs = 3 * minuteMs;
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
 * Deletes events from before a moment with their deliveries, but none that still waits for a webhook.
 *
 * What happens once must not happen again because its event is gone. A name (`once_name`) of these types
 * is "type subject moment": an organization and its count of top-ups, a spender and its window. Moments
 * only go forward, so it is the last event of a subject that tells whether it was told: that one stays,
 * without what it said, until there is a newer one. So there is one for each organization and type, and
 * one for each key, workspace and user that has reached its limit. It asks between two transactions
 * whether it is to end.
 */
export async function deleteOldEvents(
  db: Database,
  beforeMs: number,
  isStopped = () => false,
): Promise<void> {
  let after: OldEvent = { id: "", createdAtMs: -1, isLast: 0 };
  for (let round = 0; round < eventRoundsMax && !isStopped(); round++) {
    const old = await readOldEvents(db, { beforeMs, after });
    const last = old.at(-1);
    if (last === undefined) return;
    after = last;
    const idsOf = (isLast: 0 | 1) =>
      JSON.stringify(old.flatMap((event) => (event.isLast === isLast ? event.id : [])));
    const [gone, kept] = [idsOf(0), idsOf(1)].map(
      (ids) => sql`SELECT value FROM json_each(${ids})`,
    );
    await db.write.batch([
      db.write.run(sql`DELETE FROM ${webhookEvents} AS event
        WHERE event.id IN (${gone}) AND NOT ${isWaiting}`),
      db.write.run(sql`UPDATE ${webhookEvents} AS event SET payload = '{}'
        WHERE event.id IN (${kept}) AND NOT ${isWaiting}`),
      db.write.run(sql`DELETE FROM ${webhookDeliveries} WHERE event_id IN (
        SELECT event.id FROM ${webhookEvents} AS event
        WHERE event.id IN (${kept}) AND NOT ${isWaiting})`),
    ]);
  }
}

interface OldEvent {
  id: string;
  createdAtMs: number;
  /** That of its subject which is kept. */
  isLast: 0 | 1;
}

const isWaiting = sql`EXISTS (SELECT 1 FROM ${webhookDeliveries} AS delivery
  WHERE delivery.event_id = event.id AND delivery.state = 'pending')`;

const typesOfMoments = sql`('credits.low', 'credits.exhausted', 'recharge.requested',
  'key.limit_reached')`;

/** "type subject ", with which the names of all its moments begin. */
const subject = sql`substr(event.once_name, 1, length(event.type) + 1
  + instr(substr(event.once_name, length(event.type) + 2), ' '))`;

const isLast = sql`(event.once_name IS NOT NULL AND event.type IN ${typesOfMoments} AND NOT EXISTS (
  SELECT 1 FROM ${webhookEvents} AS later
  WHERE later.once_name > ${subject} AND later.once_name < ${subject} || '~'
    AND (later.created_at_ms, later.id) > (event.created_at_ms, event.id)))`;

/** The next that are old, but those that were kept before and still have to be. */
function readOldEvents(
  db: Database,
  { beforeMs, after }: { beforeMs: number; after: OldEvent },
): Promise<OldEvent[]> {
  return db.read.all<OldEvent>(sql`
    SELECT event.id AS id, event.created_at_ms AS createdAtMs, ${isLast} AS isLast
    FROM ${webhookEvents} AS event
    WHERE event.created_at_ms < ${beforeMs} AND NOT ${isWaiting}
      AND (event.created_at_ms, event.id) > (${after.createdAtMs}, ${after.id})
      AND NOT (event.payload = '{}' AND ${isLast})
    ORDER BY event.created_at_ms, event.id LIMIT ${eventsDeletedAtOnce}`);
}

/** Runs it some minutes after the start and then every hour, until it is stopped. */
export function scheduleMaintenance(
  db: Database,
  options: { nowMs: () => number; eventsKeptMs: number; log: Logger; firstAfterMs?: number },
): Repeating {
  const { nowMs, eventsKeptMs, log, firstAfterMs = firstMaintenanceMs } = options;
  const runs: Repeating = new Repeating({
    everyMs: maintenanceIntervalMs,
    firstAfterMs,
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
