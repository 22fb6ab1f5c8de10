import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

/**
 * What changed, in order. Triggers write it (see the migration), so a change counts whichever
 * process made it and by whatever means. `key_id` NULL: drop everything that is held in memory.
 */
export const invalidations = sqliteTable("invalidations", {
  sequence: integer().primaryKey({ autoIncrement: true }),
  keyId: text("key_id"),
});
