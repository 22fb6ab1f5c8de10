import {
  index,
  integer,
  primaryKey,
  sqliteTable,
  text,
  uniqueIndex,
} from "drizzle-orm/sqlite-core";
import { organizations, workspaces } from "./organizations.ts";

/** Named groups of skills of a workspace. */
export const hats = sqliteTable(
  "hats",
  {
    id: text().primaryKey(),
    organizationId: text("organization_id")
      .notNull()
      .references(() => organizations.id),
    workspaceId: text("workspace_id")
      .notNull()
      .references(() => workspaces.id),
    slug: text().notNull(),
    name: text().notNull(),
    /** Patterns such as `github/*`; see `permissions/skills.ts`. */
    skills: text({ mode: "json" }).$type<string[]>().notNull(),
    createdAtMs: integer("created_at_ms").notNull(),
  },
  (table) => [
    uniqueIndex("hats_slug").on(table.workspaceId, table.slug),
    index("hats_organization").on(table.organizationId, table.createdAtMs, table.id),
  ],
);

/** Who wears a hat: a key, a user or a team, which its id tells by the prefix. */
export const hatWearers = sqliteTable(
  "hat_wearers",
  {
    hatId: text("hat_id")
      .notNull()
      .references(() => hats.id, { onDelete: "cascade" }),
    wearerId: text("wearer_id").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.hatId, table.wearerId] }),
    index("hat_wearers_wearer").on(table.wearerId),
  ],
);
