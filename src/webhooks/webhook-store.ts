import { and, asc, count, eq, isNull, type SQL, sql } from "drizzle-orm";
import type { Alongside, Database } from "../db/client.ts";
import { isAfter, type Page } from "../db/page.ts";
import { webhookDeliveries, webhooks } from "../db/tables/index.ts";

export type WebhookRow = typeof webhooks.$inferSelect;

/** Webhooks of one organization, and of the operator. */
export const webhooksMax = 50;

/** Whose webhooks: an organization's; null is the operator's. */
export type WebhookOwner = string | null;

/** A page of somebody's webhooks, the oldest first. */
export function listWebhooks(db: Database, owner: WebhookOwner, page: Page): Promise<WebhookRow[]> {
  return db.read
    .select()
    .from(webhooks)
    .where(and(isOf(owner), isAfter(page, webhooks.createdAtMs, webhooks.id)))
    .orderBy(asc(webhooks.createdAtMs), asc(webhooks.id))
    .limit(page.limit + 1);
}

/** A webhook of somebody's; undefined for a missing and for a foreign one. */
export async function findWebhook(
  db: Database,
  owner: WebhookOwner,
  webhookId: string,
): Promise<WebhookRow | undefined> {
  const rows = await db.lookup
    .select()
    .from(webhooks)
    .where(and(eq(webhooks.id, webhookId), isOf(owner)));
  return rows[0];
}

/** How many webhooks somebody has. */
export async function countWebhooks(db: Database, owner: WebhookOwner): Promise<number> {
  const rows = await db.lookup.select({ webhooks: count() }).from(webhooks).where(isOf(owner));
  return rows[0]?.webhooks ?? 0;
}

/** The statement that makes a webhook. */
export function insertWebhook(db: Database, webhook: WebhookRow): Alongside {
  return [db.write.insert(webhooks).values(webhook)];
}

/** The statement that changes a webhook. */
export function updateWebhook(
  db: Database,
  webhookId: string,
  changes: Partial<WebhookRow>,
): Alongside {
  return [db.write.update(webhooks).set(changes).where(eq(webhooks.id, webhookId))];
}

/** The statement that gives up what still waits for a webhook, with the reason. */
export function giveUpDeliveries(db: Database, webhookId: string, reason: string): Alongside {
  return [
    db.write
      .update(webhookDeliveries)
      .set({ state: "failed", nextAttemptAtMs: null, lastError: reason })
      .where(
        and(
          eq(webhookDeliveries.webhookId, webhookId),
          // As it is in the index, so that only what waits is looked at.
          sql`${webhookDeliveries.state} = 'pending'`,
        ),
      ),
  ];
}

/** The statement that deletes a webhook, and its deliveries with it. */
export function deleteWebhookRow(db: Database, webhookId: string): Alongside {
  return [db.write.delete(webhooks).where(eq(webhooks.id, webhookId))];
}

/** The statement by which an organization's webhooks end with it. */
export function endWebhooks(db: Database, organizationId: string): Alongside {
  return [db.write.delete(webhooks).where(isOf(organizationId))];
}

function isOf(owner: WebhookOwner): SQL {
  return owner === null ? isNull(webhooks.organizationId) : eq(webhooks.organizationId, owner);
}
