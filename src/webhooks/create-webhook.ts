import { DomainError } from "../core/errors.ts";
import { newId } from "../crypto/ids.ts";
import type { Alongside } from "../db/client.ts";
import type { Actor } from "../organizations/actor.ts";
import { describeWebhook } from "./describe-webhook.ts";
import type { CreateWebhook, WebhookWithSecret } from "./schemas.ts";
import { newWebhookSecret } from "./signing.ts";
import { readTargetUrl } from "./target-url.ts";
import {
  countWebhooks,
  insertWebhook,
  type WebhookOwner,
  type WebhookRow,
  webhooksMax,
} from "./webhook-store.ts";
import type { WebhooksContext } from "./webhooks-context.ts";

/** Makes a webhook with its secret. Throws 422 for an address that cannot be called, 409 for one too many. */
export async function createWebhook(
  { db, audit, clock, secrets, allowed, noteListener }: WebhooksContext,
  making: {
    owner: WebhookOwner;
    input: CreateWebhook;
    actor: Actor;
    alongside: (made: WebhookWithSecret) => Alongside;
  },
): Promise<WebhookWithSecret> {
  const { owner, input, actor, alongside } = making;
  const url = readTargetUrl(input.url, allowed);
  const created = await audit.record({
    actor,
    build: async ({ id: createdBy }) => {
      if ((await countWebhooks(db, owner)) >= webhooksMax) {
        throw new DomainError("conflict", `There can be ${webhooksMax} webhooks at most.`);
      }
      const nowMs = clock.nowMs();
      const id = newId("webhook", nowMs);
      const secret = newWebhookSecret();
      const row: WebhookRow = {
        id,
        organizationId: owner,
        url,
        description: input.description ?? null,
        eventTypes: input.event_types ?? null,
        sealedSecret: secrets.seal(id, secret),
        oldSealedSecret: null,
        oldSecretExpiresAtMs: null,
        enabled: input.enabled ?? true,
        failingSinceMs: null,
        createdAtMs: nowMs,
        createdBy,
        updatedAtMs: nowMs,
      };
      const described = describeWebhook(row);
      const result = { ...described, secret };
      return {
        change: insertWebhook(db, row),
        entry: {
          action: "webhook.created",
          targetId: id,
          organizationId: owner,
          changes: { before: null, after: described },
        },
        alongside: alongside(result),
        result,
      };
    },
  });
  noteListener();
  return created;
}
