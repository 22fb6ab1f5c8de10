import { hourMs } from "../core/clock.ts";
import { DomainError } from "../core/errors.ts";
import { newId } from "../crypto/ids.ts";
import type { Alongside } from "../db/client.ts";
import type { KeysContext } from "../keys/keys-context.ts";
import type { LiveSecret } from "../keys/live-key.ts";
import { requireLiveKey } from "../keys/show-key.ts";
import type { Actor } from "../organizations/actor.ts";
import { describeRuntime } from "./describe-runtime.ts";
import { countAlive, countRegistered, insertRuntime, type RuntimeRow } from "./runtime-store.ts";
import type { RuntimeWithSecret } from "./schemas.ts";

/** How long a runtime lives without a heartbeat. */
export const runtimeLifeMs = 24 * hourMs;
/** Runtimes of one key that are alive at once. */
export const runtimesMax = 1_000;
/** Runtimes that one key may register in 24 hours, the ended ones included: each is two rows of the audit log. */
export const registrationsMax = 10_000;

/**
 * Registers an instance with the key it has: the instance gets a secret of its own, which is one more
 * secret of that key. So it may do what the key may do, now and after every change, it shares the key's
 * limits, and it ends with the key. Throws 409 for one too many.
 */
export async function registerRuntime(
  context: KeysContext,
  making: {
    secret: LiveSecret;
    name: string;
    actor: Actor;
    alongside: (created: RuntimeWithSecret) => Alongside;
  },
): Promise<RuntimeWithSecret> {
  const { db, audit, clock } = context;
  const { name, actor, alongside } = making;
  return audit.record({
    actor,
    build: async ({ id: keyId, organizationId, origin }) => {
      const { key } = await requireLiveKey(context, { organizationId, keyId });
      const nowMs = clock.nowMs();
      if ((await countAlive(db, keyId, nowMs)) >= runtimesMax) {
        throw new DomainError("conflict", `A key has ${runtimesMax} runtimes alive at most.`);
      }
      if ((await countRegistered(db, keyId, nowMs - runtimeLifeMs)) >= registrationsMax) {
        throw new DomainError(
          "conflict",
          `A key registers ${registrationsMax} runtimes a day at most.`,
        );
      }
      const expiresAtMs = endOfLife(nowMs, key.expiresAtMs);
      const { secret, keyPrefix } = context.newSecret("runtime", key.environment);
      const row: RuntimeRow = {
        id: newId("runtime", nowMs),
        organizationId,
        keyId,
        name,
        address: origin?.().address ?? null,
        createdAtMs: nowMs,
        heartbeatAtMs: nowMs,
        expiresAtMs,
        endedAtMs: null,
        endedBy: null,
      };
      const runtime = describeRuntime(row, nowMs);
      const created = { ...runtime, secret };
      const secretRow = context.secretRow({ keyId, secret, keyPrefix, nowMs });
      return {
        change: insertRuntime(db, row, { ...secretRow, runtimeId: row.id, expiresAtMs }),
        entry: {
          action: "runtime.registered",
          targetId: row.id,
          organizationId,
          changes: { before: null, after: runtime },
        },
        alongside: alongside(created),
        result: created,
      };
    },
  });
}

/** A day from now, and never longer than the key. */
export function endOfLife(nowMs: number, keyExpiresAtMs: number | null): number {
  return Math.min(nowMs + runtimeLifeMs, keyExpiresAtMs ?? Infinity);
}

/**
 * Throws 403 for a runtime's own secret, and for one in its grace period: a runtime would let a secret
 * that was rotated away live on. Asked before an Idempotency-Key is looked up, whose answer holds a secret.
 */
export function requireRegistering({ runtimeId, expiresAtMs }: LiveSecret): void {
  if (runtimeId !== null) {
    throw new DomainError("wrong_key_type", "A runtime cannot register another one.");
  }
  if (expiresAtMs === null) return;
  const message = "This secret was rotated away and ends soon. Register with the new one.";
  throw new DomainError("wrong_key_type", message);
}
