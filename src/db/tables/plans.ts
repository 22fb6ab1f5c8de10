import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** Named limits. NULL is "no such limit". */
export const plans = sqliteTable("plans", {
  slug: text().primaryKey(),
  name: text().notNull(),
  requestsPerMinute: integer("requests_per_minute"),
  requestsPerDay: integer("requests_per_day"),
  concurrentRequests: integer("concurrent_requests"),
  createdAtMs: integer("created_at_ms").notNull(),
  updatedAtMs: integer("updated_at_ms").notNull(),
});
