import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
import { linkPurposes, roles, userStates } from "../../core/tenancy.ts";

/** People with a login. */
export const users = sqliteTable(
  "users",
  {
    id: text().primaryKey(),
    /** Lower case: an address is one person, however it is written. */
    email: text().notNull().unique(),
    name: text().notNull(),
    /** argon2id, with its parameters and salt in it. */
    passwordHash: text("password_hash").notNull(),
    /** An operator runs the instance. */
    isOperator: integer("is_operator", { mode: "boolean" }).notNull().default(false),
    state: text({ enum: userStates }).notNull().default("active"),
    createdAtMs: integer("created_at_ms").notNull(),
    passwordChangedAtMs: integer("password_changed_at_ms").notNull(),
  },
  (table) => [
    index("users_created").on(table.createdAtMs, table.id),
    index("users_operators").on(table.state).where(sql`is_operator`),
  ],
);

/** Who is logged in where. The token itself is with the browser alone. */
export const sessions = sqliteTable(
  "sessions",
  {
    id: text().primaryKey(),
    /** HMAC-SHA-256 of the token under a key derived from the root key. */
    hash: text().notNull().unique(),
    userId: text("user_id")
      .notNull()
      .references(() => users.id),
    createdAtMs: integer("created_at_ms").notNull(),
    /** At most a minute behind. */
    lastUsedAtMs: integer("last_used_at_ms").notNull(),
    expiresAtMs: integer("expires_at_ms").notNull(),
    address: text(),
    userAgent: text("user_agent"),
  },
  (table) => [
    index("sessions_user").on(table.userId),
    index("sessions_expiry").on(table.expiresAtMs),
  ],
);

/** Links that work once: for the first operator, for invited people, for a lost password. */
export const links = sqliteTable(
  "links",
  {
    id: text().primaryKey(),
    /** HMAC-SHA-256 of the token, as with sessions. */
    hash: text().notNull().unique(),
    purpose: text({ enum: linkPurposes }).notNull(),
    /** Who is invited; NULL for the other purposes. */
    email: text(),
    role: text({ enum: roles }),
    /** Whose password it resets; NULL for the other purposes. */
    userId: text("user_id").references(() => users.id),
    /** The organization that invites, or whose admin made the reset; NULL when the operator did. */
    organizationId: text("organization_id"),
    createdBy: text("created_by").notNull(),
    createdAtMs: integer("created_at_ms").notNull(),
    expiresAtMs: integer("expires_at_ms").notNull(),
  },
  (table) => [
    index("links_organization").on(table.organizationId, table.createdAtMs, table.id),
    index("links_user").on(table.userId),
    index("links_created_by").on(table.createdBy),
    index("links_expiry").on(table.expiresAtMs),
  ],
);
