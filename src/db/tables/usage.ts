import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { keys } from "./keys.ts";

/**
 * The counters of a key. Memory is ahead of this row by one write-behind interval at most; a key
 * that leaves memory is read back from here.
 */
export const keyUsage = sqliteTable("key_usage", {
  keyId: text("key_id")
    .primaryKey()
    .references(() => keys.id),
  /** Windows are numbered from the Unix epoch: floor(milliseconds / window length). */
  minuteWindow: integer("minute_window").notNull(),
  minuteCount: integer("minute_count").notNull(),
  dayWindow: integer("day_window").notNull(),
  dayCount: integer("day_count").notNull(),
  requestsTotal: integer("requests_total").notNull(),
  lastUsedAtMs: integer("last_used_at_ms").notNull(),
  /** What the key has spent, in micro-USD. */
  spentMicros: integer("spent_micros").notNull().default(0),
});
