import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** Facts about this installation: one row. */
export const instance = sqliteTable("instance", {
  id: integer().primaryKey(),
  /** Which root key the secrets in this file were hashed under. */
  rootKeyId: text("root_key_id").notNull(),
  /** The dialect whose plans were added last; the command line makes its secrets in it. */
  dialect: text().notNull().default("standard"),
  createdAtMs: integer("created_at_ms").notNull(),
});
