import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

/**
 * What changed, in order. Triggers write it (see the migration), so a change counts whichever
 * process made it and by whatever means.
 */
export const invalidations = sqliteTable("invalidations", {
  sequence: integer().primaryKey({ autoIncrement: true }),
  keyId: text("key_id"),
  /** With `key_id` NULL: only this organization's keys; both NULL is every key. */
  organizationId: text("organization_id"),
});
