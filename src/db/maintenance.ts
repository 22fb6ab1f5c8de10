import { lt, lte, sql } from "drizzle-orm";
import { dayMs, hourMs } from "../core/clock.ts";
import { describeError, type Logger } from "../core/log.ts";
import type { Database } from "./client.ts";
import {
  idempotentAnswers,
  invalidations,
  links,
  runtimes,
  secrets,
  sessions,
} from "./tables/index.ts";

export const maintenanceIntervalMs = hourMs;
/** Rotated secrets and runtimes are remembered this long after their end. */
const endedSecretsKeptMs = 30 * dayMs;
/** Invalidations kept for readers that are behind; one that is further behind forgets everything. */
const invalidationsKept = 10_000;

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

/** Runs it every hour; returns the function that stops it. */
export function scheduleMaintenance(db: Database, nowMs: () => number, log: Logger): () => void {
  const timer = setInterval(() => {
    runMaintenance(db, nowMs()).catch((error: unknown) => {
      log.error("Maintenance failed; it is tried again in an hour", {
        error: describeError(error),
      });
    });
  }, maintenanceIntervalMs);
  return () => clearInterval(timer);
}
