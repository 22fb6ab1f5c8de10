import { secondMs } from "../core/clock.ts";
import type { Alongside } from "../db/client.ts";
import { toTimestamp } from "../http/schema-parts.ts";
import type { Actor } from "../organizations/actor.ts";
import { requireWebhook } from "./change-webhook.ts";
import { describeWebhook } from "./describe-webhook.ts";
import {
  type RotateWebhookSecret,
  secretGraceSecondsDefault,
  type WebhookWithSecret,
} from "./schemas.ts";
import { newWebhookSecret } from "./signing.ts";
import { updateWebhook, type WebhookOwner } from "./webhook-store.ts";
import type { WebhooksContext } from "./webhooks-context.ts";

/**
 * Gives a webhook a new secret. Until the end of the grace period deliveries are signed with both; one
 * from a rotation before signs no more. Throws 404.
 */
export async function rotateWebhookSecret(
  { db, audit, clock, secrets }: WebhooksContext,
  rotating: {
    owner: WebhookOwner;
    webhookId: string;
    input: RotateWebhookSecret;
    actor: Actor;
    alongside: (rotated: WebhookWithSecret) => Alongside;
  },
): Promise<WebhookWithSecret> {
  const { owner, webhookId, input, actor, alongside } = rotating;
  const graceMs = (input.grace_period_seconds ?? secretGraceSecondsDefault) * secondMs;
  return audit.record({
    actor,
    build: async () => {
      const row = await requireWebhook(db, owner, webhookId);
      const nowMs = clock.nowMs();
      const secret = newWebhookSecret();
      const changes = {
        sealedSecret: secrets.seal(webhookId, secret),
        oldSealedSecret: graceMs === 0 ? null : row.sealedSecret,
        oldSecretExpiresAtMs: graceMs === 0 ? null : nowMs + graceMs,
        updatedAtMs: nowMs,
      };
      const result = { ...describeWebhook({ ...row, ...changes }), secret };
      return {
        change: updateWebhook(db, webhookId, changes),
        entry: {
          action: "webhook.secret_rotated",
          targetId: webhookId,
          organizationId: owner,
          changes: {
            before: null,
            after: {
              rotated_at: toTimestamp(nowMs),
              old_secret_expires_at: result.old_secret_expires_at,
            },
          },
        },
        alongside: alongside(result),
        result,
      };
    },
  });
}
