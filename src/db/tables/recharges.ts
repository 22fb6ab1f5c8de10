import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import { rechargeStates } from "../../core/money.ts";
import { organizations } from "./organizations.ts";

/** Auto-recharge: below so much, ask for so much more, at most so much a month. */
export const rechargeRules = sqliteTable("recharge_rules", {
  organizationId: text("organization_id")
    .primaryKey()
    .references(() => organizations.id),
  belowMicros: integer("below_micros").notNull(),
  addMicros: integer("add_micros").notNull(),
  monthlyMaxMicros: integer("monthly_max_micros").notNull(),
  updatedAtMs: integer("updated_at_ms").notNull(),
});

/** The wish of a rule for more credits, and what became of it. */
export const recharges = sqliteTable(
  "recharges",
  {
    id: text().primaryKey(),
    organizationId: text("organization_id")
      .notNull()
      .references(() => organizations.id),
    amountMicros: integer("amount_micros").notNull(),
    state: text({ enum: rechargeStates }).notNull(),
    requestedAtMs: integer("requested_at_ms").notNull(),
    endedAtMs: integer("ended_at_ms"),
    /** The entry of the ledger that fulfilled it. */
    entryId: text("entry_id"),
  },
  (table) => [
    uniqueIndex("recharges_open").on(table.organizationId).where(sql`state = 'requested'`),
    index("recharges_organization").on(table.organizationId, table.requestedAtMs, table.id),
  ],
);
