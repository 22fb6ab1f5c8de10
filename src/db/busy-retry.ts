import type { Client } from "@libsql/client/sqlite3";
import { systemClock } from "../core/clock.ts";
import { sqliteCode } from "./database-error.ts";

/** A write that finds the lock held is tried again for this long, then the caller gets 503. */
export const busyRetryTotalMs = 3_000;
const firstPauseMs = 10;
const longestPauseMs = 200;

/**
 * Repeats a call that met a held write lock. SQLite rolls such a call back whole, so a repeat does
 * nothing twice. The pauses are here and not in SQLite's own timeout, so that the database thread
 * stays free for other work between the tries.
 */
export function retryWhileBusy(client: Client): Client {
  const patient = async <T>(call: () => Promise<T>): Promise<T> => {
    const deadline = systemClock.monotonicMs() + busyRetryTotalMs;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        return await call();
      } catch (error) {
        if (sqliteCode(error) !== "SQLITE_BUSY" || systemClock.monotonicMs() > deadline)
          throw error;
      }
      await Bun.sleep(pauseMs);
    }
  };
  return {
    execute: (statement: Parameters<Client["execute"]>[0]) =>
      patient(() => client.execute(statement)),
    batch: (statements: Parameters<Client["batch"]>[0]) => patient(() => client.batch(statements)),
  } as Client;
}
