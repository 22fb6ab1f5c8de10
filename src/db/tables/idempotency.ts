import { index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** The answer to a request that carried an Idempotency-Key, kept for a retry of it. */
export const idempotentAnswers = sqliteTable(
  "idempotent_answers",
  {
    callerId: text("caller_id").notNull(),
    /** A keyed hash of the Idempotency-Key; the key itself is part of what unseals the answer. */
    keyHash: text("key_hash").notNull(),
    payloadHash: text("payload_hash").notNull(),
    sealedAnswer: text("sealed_answer").notNull(),
    expiresAtMs: integer("expires_at_ms").notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.callerId, table.keyHash] }),
    index("idempotent_answers_expiry").on(table.expiresAtMs),
  ],
);
