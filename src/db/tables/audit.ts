import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text } from "drizzle-orm/sqlite-core";

/** What changes there were. Triggers refuse to change or delete a row (see the migration). */
export const auditLog = sqliteTable(
  "audit_log",
  {
    /** 1, 2, 3 … without a gap. */
    sequence: integer().primaryKey(),
    atMs: integer("at_ms").notNull(),
    /** NULL for what belongs to the instance. */
    organizationId: text("organization_id"),
    actorType: text("actor_type").notNull(),
    actorId: text("actor_id").notNull(),
    /** The user whose key it was; NULL for other actors. */
    userId: text("user_id"),
    action: text().notNull(),
    targetType: text("target_type").notNull(),
    targetId: text("target_id").notNull(),
    /** The changed fields, `{before, after}`. */
    changes: text().notNull(),
    address: text(),
    userAgent: text("user_agent"),
    requestId: text("request_id"),
    previousHash: text("previous_hash").notNull(),
    hash: text().notNull(),
  },
  (table) => [
    index("audit_log_organization").on(table.organizationId, table.sequence),
    index("audit_log_target").on(table.targetId, table.sequence),
    index("audit_log_user").on(table.userId, table.sequence).where(sql`user_id IS NOT NULL`),
    index("audit_log_actor").on(table.actorId, table.sequence),
  ],
);
