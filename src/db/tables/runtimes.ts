import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { keys } from "./keys.ts";

/** Instances that registered themselves with a key. Each has one secret of that key, and its own end. */
export const runtimes = sqliteTable(
  "runtimes",
  {
    id: text().primaryKey(),
    organizationId: text("organization_id").notNull(),
    keyId: text("key_id")
      .notNull()
      .references(() => keys.id),
    name: text().notNull(),
    address: text(),
    createdAtMs: integer("created_at_ms").notNull(),
    heartbeatAtMs: integer("heartbeat_at_ms").notNull(),
    expiresAtMs: integer("expires_at_ms").notNull(),
    endedAtMs: integer("ended_at_ms"),
    endedBy: text("ended_by"),
  },
  (table) => [
    index("runtimes_organization").on(table.organizationId, table.createdAtMs, table.id),
    index("runtimes_key").on(table.keyId, table.createdAtMs),
    index("runtimes_expiry").on(table.expiresAtMs),
  ],
);
