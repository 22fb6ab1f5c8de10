import { changesBetween } from "../audit/audit-event.ts";
import { definedFields } from "../core/defined-fields.ts";
import { notFound } from "../core/errors.ts";
import type { Database } from "../db/client.ts";
import type { Actor } from "../organizations/actor.ts";
import { describeWebhook } from "./describe-webhook.ts";
import type { DeadCause } from "./dispatcher.ts";
import type { ChangeWebhook, Webhook } from "./schemas.ts";
import { readTargetUrl } from "./target-url.ts";
import {
  deleteWebhookRow,
  findWebhook,
  giveUpDeliveries,
  updateWebhook,
  type WebhookOwner,
  type WebhookRow,
} from "./webhook-store.ts";
import type { WebhooksContext } from "./webhooks-context.ts";

interface Address {
  owner: WebhookOwner;
  webhookId: string;
  actor: Actor;
}

/**
 * Changes a webhook. Switched off, what waits for it is given up; switched on, it starts with a clean
 * record. Throws 404, and 422 for an address that cannot be called.
 */
export async function changeWebhook(
  { db, audit, clock, allowed, noteListener }: WebhooksContext,
  { owner, webhookId, input, actor }: Address & { input: ChangeWebhook },
): Promise<Webhook> {
  const url = input.url === undefined ? undefined : readTargetUrl(input.url, allowed);
  const { description, event_types: eventTypes, enabled } = input;
  const changed = await audit.record({
    actor,
    build: async () => {
      const row = await requireWebhook(db, owner, webhookId);
      const isSwitchedOn = enabled === true && !row.enabled;
      const changes: Partial<WebhookRow> = {
        ...definedFields({ url, description, eventTypes, enabled }),
        ...(isSwitchedOn ? { failingSinceMs: null } : {}),
      };
      const after = { ...row, ...changes };
      const nowMs = clock.nowMs();
      return {
        change: [
          ...(enabled === false ? giveUpDeliveries(db, webhookId, switchedOff) : []),
          ...updateWebhook(db, webhookId, { ...changes, updatedAtMs: nowMs }),
        ],
        entry: {
          action: "webhook.changed",
          targetId: webhookId,
          organizationId: owner,
          changes: changesBetween(describeWebhook(row), describeWebhook(after)),
        },
        result: describeWebhook({ ...after, updatedAtMs: nowMs }),
      };
    },
  });
  noteListener();
  return changed;
}

/** Deletes a webhook with its deliveries. Throws 404. */
export async function deleteWebhook(
  { db, audit }: WebhooksContext,
  { owner, webhookId, actor }: Address,
): Promise<void> {
  await audit.commit({
    actor,
    build: async () => {
      const row = await requireWebhook(db, owner, webhookId);
      return {
        change: deleteWebhookRow(db, webhookId),
        entry: {
          action: "webhook.deleted",
          targetId: webhookId,
          organizationId: owner,
          changes: { before: describeWebhook(row), after: null },
        },
      };
    },
  });
}

const switchedOff = "The webhook was switched off.";

/**
 * Switches off a webhook that nothing arrives at, in the server's own name; what waits is given up. One
 * that works again by now stays as it is. Returns whether it was switched off.
 */
export async function disableWebhook(
  { db, audit, clock }: WebhooksContext,
  { owner, webhookId, reason, failsForMs, actor }: Address & DeadCause,
): Promise<boolean> {
  const written = await audit.commit({
    actor,
    build: async () => {
      const row = await findWebhook(db, owner, webhookId);
      const nowMs = clock.nowMs();
      const change =
        row?.enabled && isStillDead(row, failsForMs, nowMs)
          ? [
              ...giveUpDeliveries(db, webhookId, `The webhook was switched off: ${reason}`),
              ...updateWebhook(db, webhookId, { enabled: false, updatedAtMs: nowMs }),
            ]
          : [];
      return {
        change,
        entry: {
          action: "webhook.disabled",
          targetId: webhookId,
          organizationId: owner,
          changes: { before: { enabled: true }, after: { enabled: false, reason } },
        },
      };
    },
  });
  return written.length > 0;
}

function isStillDead(row: WebhookRow, failsForMs: number | null, nowMs: number): boolean {
  if (failsForMs === null) return true;
  return row.failingSinceMs !== null && nowMs - row.failingSinceMs >= failsForMs;
}

/** A webhook of somebody's. Throws the same 404 for a missing and for a foreign one. */
export async function requireWebhook(
  db: Database,
  owner: WebhookOwner,
  webhookId: string,
): Promise<WebhookRow> {
  const row = await findWebhook(db, owner, webhookId);
  if (row === undefined) throw notFound("webhook");
  return row;
}
