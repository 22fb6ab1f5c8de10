import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** Facts about this installation: one row. */
export const instance = sqliteTable("instance", {
  id: integer().primaryKey(),
  /** Which root key the secrets in this file were hashed under. */
  rootKeyId: text("root_key_id").notNull(),
  createdAtMs: integer("created_at_ms").notNull(),
});
