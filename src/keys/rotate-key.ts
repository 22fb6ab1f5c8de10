import { changesBetween } from "../audit/audit-event.ts";
import { generateSecret } from "../crypto/secret-format.ts";
import type { Alongside } from "../db/client.ts";
import type { Actor } from "../organizations/actor.ts";
import { requireCovered } from "./coverage.ts";
import { describeKey } from "./describe-key.ts";
import type { KeyWithSecret } from "./key-schemas.ts";
import { replaceSecret } from "./key-store.ts";
import type { KeysContext } from "./keys-context.ts";
import { requireLiveKey } from "./show-key.ts";

/**
 * Gives the key a new secret; id, usage and limits go on. The old secret works until the grace
 * period ends; with none it is dead when this returns. Throws 404, or 409 for a revoked key.
 */
export async function rotateKey(
  context: KeysContext,
  options: {
    keyId: string;
    gracePeriodSeconds: number;
    actor: Actor;
    alongside?: (rotated: KeyWithSecret) => Alongside;
  },
): Promise<KeyWithSecret> {
  const { keyId, actor } = options;
  const address = { organizationId: actor.organizationId, keyId };
  const stored = await requireLiveKey(context, address);
  requireCovered(actor, stored.key);
  const nowMs = context.clock.nowMs();
  const graceEndsAtMs = nowMs + options.gracePeriodSeconds * 1_000;
  const { secret, keyPrefix } = generateSecret(stored.key.type, stored.key.environment);
  const previous = {
    keyPrefix: stored.key.keyPrefix,
    expiresAtMs: graceEndsAtMs,
    lastUsedAtMs: null,
  };
  const key = { ...stored.key, keyPrefix, rotatedAtMs: nowMs, updatedAtMs: nowMs };
  const described = describeKey({ ...stored, key, previous }, nowMs);
  const rotated = { ...described, secret };
  const secretRow = context.secretRow({ keyId, secret, keyPrefix, nowMs });
  await context.audit
    .commit({
      change: replaceSecret(context.db, actor.organizationId, { secret: secretRow, graceEndsAtMs }),
      entry: {
        actor,
        action: "key.rotated",
        targetId: keyId,
        organizationId: key.organizationId,
        changes: changesBetween(describeKey(stored, nowMs), described),
      },
      alongside: options.alongside?.(rotated) ?? [],
    })
    .catch(async (error: unknown) => {
      // Revoked between the read and the write: say so.
      await requireLiveKey(context, address);
      throw error;
    });
  context.invalidate(keyId);
  return rotated;
}
