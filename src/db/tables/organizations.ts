import { index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import { plans } from "./plans.ts";

export const ownerStates = ["active", "suspended"] as const;
export type OwnerState = (typeof ownerStates)[number];

export const organizations = sqliteTable("organizations", {
  id: text().primaryKey(),
  slug: text().notNull().unique(),
  name: text().notNull(),
  planSlug: text("plan_slug")
    .notNull()
    .references(() => plans.slug),
  state: text({ enum: ownerStates }).notNull().default("active"),
  createdAtMs: integer("created_at_ms").notNull(),
});

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
  },
  (table) => [
    uniqueIndex("workspaces_slug").on(table.organizationId, table.slug),
    index("workspaces_organization").on(table.organizationId),
  ],
);
