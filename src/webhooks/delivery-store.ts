import { and, count, desc, eq, sql } from "drizzle-orm";
import type { DeliveryState } from "../core/events.ts";
import { among } from "../db/among.ts";
import type { Alongside, Database } from "../db/client.ts";
import { isBefore, type Page } from "../db/page.ts";
import { webhookDeliveries, webhookEvents, webhooks } from "../db/tables/index.ts";

export type EventRow = Omit<typeof webhookEvents.$inferSelect, "onceName">;

/** A delivery with its event. */
export type DeliveryRow = typeof webhookDeliveries.$inferSelect & { event: EventRow };

const eventColumns = {
  id: webhookEvents.id,
  organizationId: webhookEvents.organizationId,
  type: webhookEvents.type,
  payload: webhookEvents.payload,
  createdAtMs: webhookEvents.createdAtMs,
};

function selectDeliveries(db: Database["read"]) {
  return db
    .select({
      id: webhookDeliveries.id,
      eventId: webhookDeliveries.eventId,
      webhookId: webhookDeliveries.webhookId,
      state: webhookDeliveries.state,
      attempts: webhookDeliveries.attempts,
      nextAttemptAtMs: webhookDeliveries.nextAttemptAtMs,
      lastAttemptAtMs: webhookDeliveries.lastAttemptAtMs,
      lastStatus: webhookDeliveries.lastStatus,
      lastError: webhookDeliveries.lastError,
      createdAtMs: webhookDeliveries.createdAtMs,
      event: eventColumns,
    })
    .from(webhookDeliveries)
    .innerJoin(webhookEvents, eq(webhookEvents.id, webhookDeliveries.eventId));
}

/** A page of a webhook's deliveries, the newest first. */
export function listDeliveries(
  db: Database,
  of: { webhookId: string; state: DeliveryState | undefined },
  page: Page,
): Promise<DeliveryRow[]> {
  const { createdAtMs, id } = webhookDeliveries;
  return selectDeliveries(db.read)
    .where(
      and(
        eq(webhookDeliveries.webhookId, of.webhookId),
        of.state === undefined ? undefined : eq(webhookDeliveries.state, of.state),
        isBefore(page, createdAtMs, id),
      ),
    )
    .orderBy(desc(createdAtMs), desc(id))
    .limit(page.limit + 1);
}

/** A delivery of a webhook; undefined for a missing one and for another webhook's. */
export async function findDelivery(
  db: Database,
  webhookId: string,
  deliveryId: string,
): Promise<DeliveryRow | undefined> {
  const rows = await selectDeliveries(db.lookup).where(
    and(eq(webhookDeliveries.id, deliveryId), eq(webhookDeliveries.webhookId, webhookId)),
  );
  return rows[0];
}

/** The statement that makes a delivery due now, with all its tries before it. */
export function makeDue(db: Database, deliveryId: string, nowMs: number): Alongside {
  return [
    db.write
      .update(webhookDeliveries)
      .set({ state: "pending", attempts: 0, nextAttemptAtMs: nowMs })
      .where(eq(webhookDeliveries.id, deliveryId)),
  ];
}

/** Whether anything is due: one look-up by index. */
export async function isAnythingDue(db: Database, nowMs: number): Promise<boolean> {
  const rows = await db.lookup
    .select({ id: webhookDeliveries.id })
    .from(webhookDeliveries)
    .where(sql`state = 'pending' AND ${webhookDeliveries.nextAttemptAtMs} <= ${nowMs}`)
    .limit(1);
  return rows.length > 0;
}

/** A delivery that is due, with everything that an attempt needs. */
export interface DueDelivery {
  id: string;
  attempts: number;
  eventId: string;
  type: string;
  /** JSON. */
  payload: string;
  eventAtMs: number;
  webhookId: string;
  organizationId: string | null;
  url: string;
  sealedSecret: string;
  oldSealedSecret: string | null;
  oldSecretExpiresAtMs: number | null;
  failingSinceMs: number | null;
}

/** What has as many attempts under way as it may; the operator's is the organization without a name. */
export interface Busy {
  webhookIds: readonly string[];
  organizationIds: readonly string[];
}

/**
 * What is due, at most so many of each webhook, the longest overdue first. It goes from webhook to webhook
 * in the index of what waits, so a target with a thousand waiting deliveries costs what one costs.
 */
export function findDue(
  db: Database,
  asked: { nowMs: number; ofWebhookMax: number; limit: number; busy: Busy },
): Promise<DueDelivery[]> {
  const { nowMs, ofWebhookMax, limit, busy } = asked;
  const next = (after: string) => sql`(SELECT min(webhook_id) FROM ${webhookDeliveries}
    WHERE state = 'pending' AND webhook_id > ${sql.raw(after)})`;
  return db.read.all<DueDelivery>(sql`
    WITH RECURSIVE waiting (webhook_id) AS (
      SELECT ${next("''")} UNION ALL
      SELECT ${next("waiting.webhook_id")} FROM waiting WHERE waiting.webhook_id IS NOT NULL)
    SELECT delivery.id AS id, delivery.attempts AS attempts, event.id AS eventId,
      event.type AS type, event.payload AS payload, event.created_at_ms AS eventAtMs,
      webhook.id AS webhookId, webhook.organization_id AS organizationId, webhook.url AS url,
      webhook.sealed_secret AS sealedSecret, webhook.old_sealed_secret AS oldSealedSecret,
      webhook.old_secret_expires_at_ms AS oldSecretExpiresAtMs,
      webhook.failing_since_ms AS failingSinceMs
    FROM waiting
    JOIN ${webhooks} AS webhook ON webhook.id = waiting.webhook_id AND webhook.enabled
      AND webhook.id NOT IN ${among(busy.webhookIds)}
      AND coalesce(webhook.organization_id, '') NOT IN ${among(busy.organizationIds)}
    JOIN ${webhookDeliveries} AS delivery ON delivery.id IN (
      SELECT id FROM ${webhookDeliveries} AS own
      WHERE own.state = 'pending' AND own.webhook_id = waiting.webhook_id
        AND own.next_attempt_at_ms <= ${nowMs}
      ORDER BY own.next_attempt_at_ms LIMIT ${ofWebhookMax})
    JOIN ${webhookEvents} AS event ON event.id = delivery.event_id
    ORDER BY delivery.next_attempt_at_ms LIMIT ${limit}`);
}

/** What became of an attempt. */
export interface Outcome {
  deliveryId: string;
  webhookId: string;
  state: DeliveryState;
  atMs: number;
  nextAttemptAtMs: number | null;
  status: number | null;
  error: string | null;
}

/** Deliveries that may wait for one webhook; what comes after them while it fails is given up. */
export const pendingDeliveriesMax = 10_000;

/** Records the outcomes of attempts, all in one transaction, and since when their webhooks fail. */
export async function recordOutcomes(db: Database, outcomes: readonly Outcome[]): Promise<void> {
  const rows = JSON.stringify(outcomes);
  const failing = outcomes.filter(({ state }) => state !== "delivered");
  await db.write.batch([
    db.write.run(sql`
      UPDATE ${webhookDeliveries} SET state = outcome.value ->> 'state', attempts = attempts + 1,
        next_attempt_at_ms = outcome.value ->> 'nextAttemptAtMs',
        last_attempt_at_ms = outcome.value ->> 'atMs', last_status = outcome.value ->> 'status',
        last_error = outcome.value ->> 'error'
      FROM json_each(${rows}) AS outcome
      WHERE ${webhookDeliveries.id} = (outcome.value ->> 'deliveryId')`),
    // Switched off while an attempt was under way: what is to be tried again has nowhere to go.
    db.write.run(sql`
      UPDATE ${webhookDeliveries} SET state = 'failed', next_attempt_at_ms = NULL
      WHERE id IN (SELECT value ->> 'deliveryId' FROM json_each(${rows})) AND state = 'pending'
        AND webhook_id IN (SELECT id FROM ${webhooks} WHERE NOT enabled)`),
    db.write.run(sql`
      UPDATE ${webhooks} SET failing_since_ms = NULL
      FROM json_each(${rows}) AS outcome
      WHERE ${webhooks.id} = (outcome.value ->> 'webhookId') AND failing_since_ms IS NOT NULL
        AND (outcome.value ->> 'state') = 'delivered'`),
    db.write.run(sql`
      UPDATE ${webhooks} SET failing_since_ms = outcome.value ->> 'atMs'
      FROM json_each(${JSON.stringify(failing)}) AS outcome
      WHERE ${webhooks.id} = (outcome.value ->> 'webhookId') AND failing_since_ms IS NULL`),
    ...[...new Set(failing.map(({ webhookId }) => webhookId))].map((id) => giveUpSurplus(db, id)),
  ]);
}

function giveUpSurplus(db: Database, webhookId: string): Alongside[number] {
  return db.write.run(sql`
    UPDATE ${webhookDeliveries} SET state = 'failed', next_attempt_at_ms = NULL,
      last_error = 'Too many deliveries waited for this webhook.'
    WHERE id IN (SELECT id FROM ${webhookDeliveries}
      WHERE state = 'pending' AND webhook_id = ${webhookId}
      ORDER BY next_attempt_at_ms LIMIT -1 OFFSET ${pendingDeliveriesMax})`);
}

/** How many deliveries wait. */
export async function countPending(db: Database): Promise<number> {
  const rows = await db.read
    .select({ pending: count() })
    .from(webhookDeliveries)
    .where(sql`state = 'pending'`);
  return rows[0]?.pending ?? 0;
}
