import { sql } from "drizzle-orm";
import { check, index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import { entryKinds, holdStates, type Units } from "../../core/money.ts";
import { keys } from "./keys.ts";
import { organizations } from "./organizations.ts";

/** What an organization has: always the sum of its ledger. */
export const accounts = sqliteTable(
  "accounts",
  {
    organizationId: text("organization_id")
      .primaryKey()
      .references(() => organizations.id),
    balanceMicros: integer("balance_micros").notNull().default(0),
    /** Reserved by open holds; the rest can be spent. */
    heldMicros: integer("held_micros").notNull().default(0),
    /** Below it, answers warn. */
    lowBalanceMicros: integer("low_balance_micros").notNull().default(10_000_000),
    /** Counts what added credits: an event of running low is sent once after each. */
    topUps: integer("top_ups").notNull().default(0),
    /** Goes up with every change: a write that was decided on an older one is taken back. */
    version: integer().notNull().default(0),
  },
  (table) => [
    check("accounts_held", sql`${table.heldMicros} >= 0`),
    check("accounts_balance", sql`${table.balanceMicros} >= ${table.heldMicros}`),
  ],
);

/** Every movement of credits. Triggers refuse to change or delete a row (see the migration). */
export const ledger = sqliteTable(
  "ledger",
  {
    sequence: integer().primaryKey({ autoIncrement: true }),
    id: text().notNull().unique(),
    organizationId: text("organization_id")
      .notNull()
      .references(() => organizations.id),
    atMs: integer("at_ms").notNull(),
    kind: text({ enum: entryKinds }).notNull(),
    /** What it adds to the balance; negative for a charge. */
    amountMicros: integer("amount_micros").notNull(),
    balanceMicros: integer("balance_micros").notNull(),
    keyId: text("key_id"),
    workspaceId: text("workspace_id"),
    userId: text("user_id"),
    /** What was charged for: a skill or a model. */
    subject: text(),
    /** A charge is made once for each request and attempt of a key. */
    requestId: text("request_id"),
    attempt: integer(),
    holdId: text("hold_id"),
    grantId: text("grant_id"),
    reason: text(),
    createdBy: text("created_by").notNull(),
    /** The price that a charge was worked out by; NULL when the caller named the cost. */
    priceId: text("price_id"),
    /** What the price was multiplied by. */
    units: text({ mode: "json" }).$type<Units>(),
  },
  (table) => [
    index("ledger_organization").on(table.organizationId, table.sequence),
    // The request first: ids that grow with time are written side by side, whatever the key.
    uniqueIndex("ledger_request")
      .on(table.requestId, table.keyId, table.attempt)
      .where(sql`request_id IS NOT NULL`),
  ],
);

/** Credits that were granted until a day; what is left of them is spent first. */
export const creditGrants = sqliteTable(
  "credit_grants",
  {
    id: text().primaryKey(),
    organizationId: text("organization_id")
      .notNull()
      .references(() => organizations.id),
    remainingMicros: integer("remaining_micros").notNull(),
    expiresAtMs: integer("expires_at_ms").notNull(),
  },
  (table) => [
    index("credit_grants_open")
      .on(table.organizationId, table.expiresAtMs, table.id)
      .where(sql`remaining_micros > 0`),
    index("credit_grants_expiry").on(table.expiresAtMs).where(sql`remaining_micros > 0`),
  ],
);

/** Credits that are reserved for a call under way. */
export const holds = sqliteTable(
  "holds",
  {
    id: text().primaryKey(),
    organizationId: text("organization_id").notNull(),
    keyId: text("key_id")
      .notNull()
      .references(() => keys.id),
    amountMicros: integer("amount_micros").notNull(),
    state: text({ enum: holdStates }).notNull(),
    subject: text(),
    requestId: text("request_id").notNull(),
    attempt: integer().notNull(),
    /** Which windows it belongs to: those in which it was admitted. */
    admittedAtMs: integer("admitted_at_ms").notNull(),
    createdAtMs: integer("created_at_ms").notNull(),
    expiresAtMs: integer("expires_at_ms").notNull(),
    endedAtMs: integer("ended_at_ms"),
    settledMicros: integer("settled_micros"),
    /** The price that was in force when it was admitted: units are settled by it. */
    priceId: text("price_id"),
  },
  (table) => [
    index("holds_key_open").on(table.keyId, table.admittedAtMs).where(sql`state = 'open'`),
    index("holds_open_expiry").on(table.expiresAtMs).where(sql`state = 'open'`),
    uniqueIndex("holds_request").on(table.requestId, table.keyId, table.attempt),
  ],
);

/** What a key, a workspace or a user of an organization has spent, in all and in the current windows. */
export const spends = sqliteTable("spends", {
  /** `key_…`, `ws_…`, or `org_… usr_…`. */
  spenderId: text("spender_id").primaryKey(),
  totalMicros: integer("total_micros").notNull(),
  heldMicros: integer("held_micros").notNull(),
  dayStartMs: integer("day_start_ms").notNull(),
  dayMicros: integer("day_micros").notNull(),
  weekStartMs: integer("week_start_ms").notNull(),
  weekMicros: integer("week_micros").notNull(),
  monthStartMs: integer("month_start_ms").notNull(),
  monthMicros: integer("month_micros").notNull(),
});

/** One row, whose NOT NULL makes a transaction fail that rests on what has changed since. */
export const writeGuard = sqliteTable("write_guard", {
  id: integer().primaryKey(),
  ok: integer().notNull(),
});
