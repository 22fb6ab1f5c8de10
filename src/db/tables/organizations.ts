import { sql } from "drizzle-orm";
import {
  index,
  integer,
  primaryKey,
  sqliteTable,
  text,
  uniqueIndex,
} from "drizzle-orm/sqlite-core";
import { spendResets } from "../../core/money.ts";
import { ownerStates, roles } from "../../core/tenancy.ts";
import { plans } from "./plans.ts";
import { users } from "./users.ts";

export const organizations = sqliteTable(
  "organizations",
  {
    id: text().primaryKey(),
    slug: text().notNull(),
    name: text().notNull(),
    planSlug: text("plan_slug")
      .notNull()
      .references(() => plans.slug),
    state: text({ enum: ownerStates }).notNull().default("active"),
    createdAtMs: integer("created_at_ms").notNull(),
  },
  (table) => [
    uniqueIndex("organizations_slug").on(table.slug).where(sql`state <> 'deleted'`),
    index("organizations_created").on(table.createdAtMs, table.id),
  ],
);

export const workspaces = sqliteTable(
  "workspaces",
  {
    id: text().primaryKey(),
    organizationId: text("organization_id")
      .notNull()
      .references(() => organizations.id),
    slug: text().notNull(),
    name: text().notNull(),
    state: text({ enum: ownerStates }).notNull().default("active"),
    createdAtMs: integer("created_at_ms").notNull(),
    /** The ceiling of the spend of all its keys in micro-USD; NULL is none. */
    spendLimitMicros: integer("spend_limit_micros"),
    spendReset: text("spend_reset", { enum: spendResets }).notNull().default("never"),
  },
  (table) => [
    uniqueIndex("workspaces_slug")
      .on(table.organizationId, table.slug)
      .where(sql`state <> 'deleted'`),
    index("workspaces_organization").on(table.organizationId, table.createdAtMs, table.id),
  ],
);

/** Who belongs to an organization, as what. */
export const members = sqliteTable(
  "members",
  {
    organizationId: text("organization_id")
      .notNull()
      .references(() => organizations.id),
    userId: text("user_id")
      .notNull()
      .references(() => users.id),
    role: text({ enum: roles }).notNull(),
    createdAtMs: integer("created_at_ms").notNull(),
    /** The ceiling of the spend of the user's keys there in micro-USD; NULL is none. */
    spendLimitMicros: integer("spend_limit_micros"),
    spendReset: text("spend_reset", { enum: spendResets }).notNull().default("never"),
  },
  (table) => [
    primaryKey({ columns: [table.organizationId, table.userId] }),
    index("members_user").on(table.userId),
  ],
);

/** Groups of an organization's users, for wearing hats together. */
export const teams = sqliteTable(
  "teams",
  {
    id: text().primaryKey(),
    organizationId: text("organization_id")
      .notNull()
      .references(() => organizations.id),
    slug: text().notNull(),
    name: text().notNull(),
    createdAtMs: integer("created_at_ms").notNull(),
  },
  (table) => [
    uniqueIndex("teams_slug").on(table.organizationId, table.slug),
    index("teams_organization").on(table.organizationId, table.createdAtMs, table.id),
  ],
);

export const teamMembers = sqliteTable(
  "team_members",
  {
    teamId: text("team_id")
      .notNull()
      .references(() => teams.id, { onDelete: "cascade" }),
    userId: text("user_id")
      .notNull()
      .references(() => users.id),
    createdAtMs: integer("created_at_ms").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.teamId, table.userId] }),
    index("team_members_user").on(table.userId),
  ],
);
