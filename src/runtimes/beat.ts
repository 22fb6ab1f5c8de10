import { minuteMs } from "../core/clock.ts";
import { notFound } from "../core/errors.ts";
import type { KeysContext } from "../keys/keys-context.ts";
import type { LiveSecret } from "../keys/live-key.ts";
import { describeRuntime, statusOf } from "./describe-runtime.ts";
import { endOfLife } from "./register-runtime.ts";
import { findRuntime, prolong } from "./runtime-store.ts";
import type { Runtime } from "./schemas.ts";

/** A heartbeat that comes sooner than this after the one before changes nothing. */
const beatsEveryMs = minuteMs;

/**
 * A sign of life: the runtime's secret works for another day. It is no change that anybody has to
 * answer for, so the audit log does not have it. Throws 404 for any runtime but the caller's.
 */
export async function beat(
  { db, clock, invalidate }: KeysContext,
  { runtimeId, secret }: { runtimeId: string; secret: LiveSecret },
): Promise<Runtime> {
  const { grant } = secret.live;
  if (secret.runtimeId !== runtimeId) throw notFound("runtime");
  const nowMs = clock.nowMs();
  const before = await findRuntime(db, grant.organizationId, runtimeId);
  if (before === undefined || statusOf(before.runtime, nowMs) !== "alive")
    throw notFound("runtime");
  if (nowMs - before.runtime.heartbeatAtMs < beatsEveryMs) {
    return describeRuntime(before.runtime, nowMs);
  }
  const expiresAtMs = endOfLife(nowMs, before.key.expiresAtMs);
  await prolong(db, runtimeId, { nowMs, expiresAtMs });
  invalidate(grant.keyId);
  return describeRuntime({ ...before.runtime, heartbeatAtMs: nowMs, expiresAtMs }, nowMs);
}
