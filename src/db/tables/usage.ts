import { integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { usageIntervals } from "../../core/usage.ts";
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
});

/**
 * What was used in one minute, hour or day, by key, subject and status. `charges` and `cost_micros` are sums of the
 * ledger up to `usage_cursor`, brought forward in the transaction that moves it; `requests` were counted in memory.
 * There is no index by age: it would double what a new key costs here, and retention finds its rows without.
 */
export const usageRollups = sqliteTable(
  "usage_rollups",
  {
    organizationId: text("organization_id").notNull(),
    interval: text({ enum: usageIntervals }).notNull(),
    startMs: integer("start_ms").notNull(),
    keyId: text("key_id").notNull(),
    /** The skill or model; empty for none. */
    subject: text().notNull(),
    /** `ok`, or the code of the refusal. */
    status: text().notNull(),
    workspaceId: text("workspace_id").notNull(),
    userId: text("user_id"),
    requests: integer().notNull(),
    charges: integer().notNull(),
    costMicros: integer("cost_micros").notNull(),
  },
  (table) => [
    primaryKey({
      columns: [
        table.organizationId,
        table.interval,
        table.startMs,
        table.keyId,
        table.subject,
        table.status,
      ],
    }),
  ],
);

/** One row: how far the rollups go, in the ledger and back in time. */
export const usageCursor = sqliteTable("usage_cursor", {
  id: integer().primaryKey(),
  /** The last entry of the ledger that they hold. */
  ledgerSequence: integer("ledger_sequence").notNull(),
  /** What began earlier is not kept: it is neither rolled up, nor shown, nor proven. */
  minuteFromMs: integer("minute_from_ms").notNull().default(0),
  hourFromMs: integer("hour_from_ms").notNull().default(0),
  dayFromMs: integer("day_from_ms").notNull().default(0),
});
