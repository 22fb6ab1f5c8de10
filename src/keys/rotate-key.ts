import { changesBetween } from "../audit/audit-event.ts";
import type { Alongside } from "../db/client.ts";
import type { Actor } from "../organizations/actor.ts";
import { requireCovered } from "./coverage.ts";
import { describeKey } from "./describe-key.ts";
import { requireMayTakeSecret } from "./key-rights.ts";
import type { Key, KeyWithSecret } from "./key-schemas.ts";
import { replaceSecret, type StoredKey } from "./key-store.ts";
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
  const nowMs = context.clock.nowMs();
  const graceEndsAtMs = nowMs + options.gracePeriodSeconds * 1_000;
  let rotated: KeyWithSecret | undefined;
  await context.audit
    .commit({
      actor,
      build: async (now) => {
        const stored = await requireLiveKey(context, address);
        requireMayTakeSecret(now, stored.key);
        requireCovered(now, stored.key);
        const { secret, keyPrefix } = context.newSecret(stored.key.type, stored.key.environment);
        const described = describeRotated(stored, { keyPrefix, nowMs, graceEndsAtMs });
        rotated = { ...described, secret };
        const row = context.secretRow({ keyId, secret, keyPrefix, nowMs });
        return {
          change: replaceSecret(context.db, actor.organizationId, { secret: row, graceEndsAtMs }),
          entry: {
            action: "key.rotated",
            targetId: keyId,
            organizationId: stored.key.organizationId,
            changes: changesBetween(describeKey(stored, nowMs), described),
          },
          alongside: options.alongside?.(rotated) ?? [],
        };
      },
    })
    .catch(async (error: unknown) => {
      // Revoked between the read and the write: say so.
      await requireLiveKey(context, address);
      throw error;
    });
  context.invalidate(keyId);
  if (rotated === undefined) throw new Error("The rotation was committed without being built.");
  return rotated;
}

function describeRotated(
  stored: StoredKey,
  to: { keyPrefix: string; nowMs: number; graceEndsAtMs: number },
): Key {
  const { keyPrefix, nowMs } = to;
  const previous = {
    keyPrefix: stored.key.keyPrefix,
    expiresAtMs: to.graceEndsAtMs,
    lastUsedAtMs: null,
  };
  const key = { ...stored.key, keyPrefix, rotatedAtMs: nowMs, updatedAtMs: nowMs };
  return describeKey({ ...stored, key, previous }, nowMs);
}
