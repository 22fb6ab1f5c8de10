import { notFound } from "../core/errors.ts";
import { requireMayChange } from "../keys/key-rights.ts";
import type { KeysContext } from "../keys/keys-context.ts";
import type { Actor } from "../organizations/actor.ts";
import { describeRuntime } from "./describe-runtime.ts";
import { endRuntimeRows, findRuntime, type RuntimeRow } from "./runtime-store.ts";
import type { Runtime } from "./schemas.ts";

/**
 * Ends a runtime: its secret is refused when this returns. Twice keeps the first record. `isOwn` says
 * for a call of the data plane whether the runtime is the caller's. Throws 403 or 404.
 */
export async function endRuntime(
  { db, audit, clock, invalidate }: KeysContext,
  ending: { runtimeId: string; actor: Actor; isOwn?: (row: RuntimeRow) => boolean },
): Promise<Runtime> {
  const { runtimeId, actor, isOwn = () => true } = ending;
  // What is not there takes no turn before others.
  const first = await findRuntime(db, actor.organizationId, runtimeId);
  if (first === undefined || !isOwn(first.runtime)) throw notFound("runtime");
  const ended = await audit.record({
    actor,
    isUrgent: true,
    build: async (now) => {
      const { organizationId } = now;
      const found = await findRuntime(db, organizationId, runtimeId);
      if (found === undefined || !isOwn(found.runtime)) throw notFound("runtime");
      requireMayChange(now, found.key);
      const nowMs = clock.nowMs();
      const after =
        found.runtime.endedAtMs === null
          ? { ...found.runtime, endedAtMs: nowMs, endedBy: now.id }
          : found.runtime;
      return {
        change: endRuntimeRows(db, runtimeId, { actorId: now.id, nowMs }),
        entry: {
          action: "runtime.ended",
          targetId: runtimeId,
          organizationId,
          changes: { before: describeRuntime(found.runtime, nowMs), after: null },
        },
        result: { row: after, nowMs },
      };
    },
  });
  invalidate(ended.row.keyId);
  return describeRuntime(ended.row, ended.nowMs);
}
