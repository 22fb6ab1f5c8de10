import { sql } from "drizzle-orm";
import type { Database } from "../db/client.ts";
import { keys, keyUsage, secrets } from "../db/tables/index.ts";

export interface SavedUsage {
  keyId: string;
  minuteWindow: number;
  minuteCount: number;
  dayWindow: number;
  dayCount: number;
  requestsTotal: number;
  lastUsedAtMs: number;
}

export interface UsageStore {
  saveUsage(rows: SavedUsage[]): Promise<void>;
  /** By hash of the secret. */
  saveSecretUse(uses: ReadonlyMap<string, number>): Promise<void>;
}

/** Saves counters in as few statements as there are kinds of rows. */
export function createUsageStore(db: Database): UsageStore {
  return {
    /** One statement for all rows: they travel as one JSON text. A key that is gone is skipped. */
    async saveUsage(rows) {
      if (rows.length === 0) return;
      const values = JSON.stringify(
        rows.map((row) => [
          row.keyId,
          row.minuteWindow,
          row.minuteCount,
          row.dayWindow,
          row.dayCount,
          row.requestsTotal,
          row.lastUsedAtMs,
        ]),
      );
      await db.write.run(sql`
        INSERT INTO ${keyUsage} (key_id, minute_window, minute_count, day_window, day_count, requests_total, last_used_at_ms)
        SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
        FROM json_each(${values}) WHERE value ->> 0 IN (SELECT id FROM ${keys})
        ON CONFLICT (key_id) DO UPDATE SET
          minute_window = excluded.minute_window, minute_count = excluded.minute_count,
          day_window = excluded.day_window, day_count = excluded.day_count,
          requests_total = excluded.requests_total, last_used_at_ms = excluded.last_used_at_ms`);
    },

    async saveSecretUse(uses) {
      if (uses.size === 0) return;
      const values = JSON.stringify([...uses]);
      await db.write.run(sql`
        UPDATE ${secrets} SET last_used_at_ms = used.value ->> 1
        FROM json_each(${values}) AS used WHERE hash = used.value ->> 0`);
    },
  };
}
