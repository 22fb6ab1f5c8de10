import { DomainError, notFound } from "../core/errors.ts";
import type { Actor } from "../organizations/actor.ts";
import { requireWebhook } from "./change-webhook.ts";
import { findDelivery, makeDue } from "./delivery-store.ts";
import { describeDelivery } from "./describe-webhook.ts";
import type { Delivery } from "./schemas.ts";
import type { WebhookOwner } from "./webhook-store.ts";
import type { WebhooksContext } from "./webhooks-context.ts";

/**
 * Sends an event again, now, with all its tries before it and the same `webhook-id`. Throws 404, and 409
 * for a webhook that is switched off.
 */
export async function replayDelivery(
  { db, audit, clock }: WebhooksContext,
  asked: { owner: WebhookOwner; webhookId: string; deliveryId: string; actor: Actor },
): Promise<Delivery> {
  const { owner, webhookId, deliveryId, actor } = asked;
  return audit.record({
    actor,
    build: async () => {
      const webhook = await requireWebhook(db, owner, webhookId);
      const row = await findDelivery(db, webhookId, deliveryId);
      if (row === undefined) throw notFound("delivery");
      if (!webhook.enabled) throw new DomainError("conflict", "The webhook is switched off.");
      const nowMs = clock.nowMs();
      const after = { ...row, state: "pending" as const, attempts: 0, nextAttemptAtMs: nowMs };
      return {
        change: makeDue(db, deliveryId, nowMs),
        entry: {
          action: "webhook.delivery_replayed",
          targetId: webhookId,
          organizationId: owner,
          changes: { before: null, after: { delivery_id: deliveryId, event_id: row.eventId } },
        },
        result: describeDelivery(after),
      };
    },
  });
}
