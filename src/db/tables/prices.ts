import { integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import { priceKinds } from "../../core/money.ts";

/**
 * What the operator asks for a request of a skill or the tokens of a model, from a time on until the next
 * row of the same subject. Rows are never changed: an old charge names the one that it was worked out by.
 */
export const prices = sqliteTable(
  "prices",
  {
    id: text().primaryKey(),
    kind: text({ enum: priceKinds }).notNull(),
    /** The skill or the model. */
    subject: text().notNull(),
    perRequestMicros: integer("per_request_micros").notNull(),
    inputPerMillionMicros: integer("input_per_million_micros").notNull(),
    outputPerMillionMicros: integer("output_per_million_micros").notNull(),
    /** True for a row that ends the price: from then on there is none. */
    isEnd: integer("is_end", { mode: "boolean" }).notNull().default(false),
    effectiveFromMs: integer("effective_from_ms").notNull(),
    createdAtMs: integer("created_at_ms").notNull(),
    createdBy: text("created_by").notNull(),
  },
  (table) => [uniqueIndex("prices_subject").on(table.kind, table.subject, table.effectiveFromMs)],
);
