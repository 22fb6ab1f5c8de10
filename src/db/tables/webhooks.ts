import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import { deliveryStates, eventTypes } from "../../core/events.ts";

/** Where events go. */
export const webhooks = sqliteTable(
  "webhooks",
  {
    id: text().primaryKey(),
    /** Whose events; NULL is the operator's, for those of every organization. */
    organizationId: text("organization_id"),
    url: text().notNull(),
    description: text(),
    /** NULL is every type. */
    eventTypes: text("event_types", { mode: "json" }).$type<string[]>(),
    /** What deliveries are signed with, sealed. */
    sealedSecret: text("sealed_secret").notNull(),
    /** The secret before the last rotation signs too, until its end. */
    oldSealedSecret: text("old_sealed_secret"),
    oldSecretExpiresAtMs: integer("old_secret_expires_at_ms"),
    enabled: integer({ mode: "boolean" }).notNull().default(true),
    /** The first failure since the last delivery that arrived. */
    failingSinceMs: integer("failing_since_ms"),
    createdAtMs: integer("created_at_ms").notNull(),
    createdBy: text("created_by").notNull(),
    updatedAtMs: integer("updated_at_ms").notNull(),
  },
  (table) => [index("webhooks_organization").on(table.organizationId, table.createdAtMs, table.id)],
);

/** What happened, written by the transaction that made it happen. */
export const webhookEvents = sqliteTable(
  "webhook_events",
  {
    id: text().primaryKey(),
    organizationId: text("organization_id").notNull(),
    type: text({ enum: eventTypes }).notNull(),
    payload: text({ mode: "json" }).$type<Record<string, unknown>>().notNull(),
    /** What happens once has a name: a second event of it is dropped. */
    onceName: text("once_name").unique(),
    createdAtMs: integer("created_at_ms").notNull(),
  },
  (table) => [
    index("webhook_events_organization").on(table.organizationId, table.createdAtMs, table.id),
    index("webhook_events_age").on(table.createdAtMs),
  ],
);

/** An event on its way to one webhook. */
export const webhookDeliveries = sqliteTable(
  "webhook_deliveries",
  {
    id: text().primaryKey(),
    eventId: text("event_id")
      .notNull()
      .references(() => webhookEvents.id, { onDelete: "cascade" }),
    webhookId: text("webhook_id")
      .notNull()
      .references(() => webhooks.id, { onDelete: "cascade" }),
    state: text({ enum: deliveryStates }).notNull(),
    attempts: integer().notNull().default(0),
    nextAttemptAtMs: integer("next_attempt_at_ms"),
    lastAttemptAtMs: integer("last_attempt_at_ms"),
    /** The status of the last answer; NULL when there was none. */
    lastStatus: integer("last_status"),
    lastError: text("last_error"),
    createdAtMs: integer("created_at_ms").notNull(),
  },
  (table) => [
    index("webhook_deliveries_due").on(table.nextAttemptAtMs).where(sql`state = 'pending'`),
    // The dispatcher looks by webhook, so that what waits for a slow one is not in the others' way.
    index("webhook_deliveries_pending")
      .on(table.webhookId, table.nextAttemptAtMs)
      .where(sql`state = 'pending'`),
    index("webhook_deliveries_webhook").on(table.webhookId, table.createdAtMs, table.id),
    uniqueIndex("webhook_deliveries_event").on(table.eventId, table.webhookId),
  ],
);
