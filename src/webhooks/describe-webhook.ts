import type { EventType } from "../core/events.ts";
import { toOptionalTimestamp, toTimestamp } from "../http/schema-parts.ts";
import type { DeliveryRow } from "./delivery-store.ts";
import type { Delivery, Webhook } from "./schemas.ts";
import type { WebhookRow } from "./webhook-store.ts";

/** The webhook as the API shows it, without its secret. */
export function describeWebhook(row: WebhookRow): Webhook {
  return {
    id: row.id,
    organization_id: row.organizationId,
    url: row.url,
    description: row.description,
    event_types: row.eventTypes as EventType[] | null,
    enabled: row.enabled,
    failing_since: toOptionalTimestamp(row.failingSinceMs),
    old_secret_expires_at: toOptionalTimestamp(row.oldSecretExpiresAtMs),
    created_at: toTimestamp(row.createdAtMs),
    created_by: row.createdBy,
    updated_at: toTimestamp(row.updatedAtMs),
  };
}

/** The delivery as the API shows it. */
export function describeDelivery(row: DeliveryRow): Delivery {
  const { event } = row;
  return {
    id: row.id,
    webhook_id: row.webhookId,
    state: row.state,
    attempts: row.attempts,
    next_attempt_at: toOptionalTimestamp(row.nextAttemptAtMs),
    last_attempt_at: toOptionalTimestamp(row.lastAttemptAtMs),
    last_status: row.lastStatus,
    last_error: row.lastError,
    created_at: toTimestamp(row.createdAtMs),
    event: {
      id: event.id,
      type: event.type,
      timestamp: toTimestamp(event.createdAtMs),
      data: event.payload,
    },
  };
}
