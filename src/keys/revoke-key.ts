import { changesBetween } from "../audit/audit-event.ts";
import type { Actor } from "../organizations/actor.ts";
import { insertKeyEvent } from "../webhooks/event-store.ts";
import { requireCovered } from "./coverage.ts";
import { describeKey } from "./describe-key.ts";
import { requireMayChange } from "./key-rights.ts";
import type { Key } from "./key-schemas.ts";
import { changeKey } from "./key-store.ts";
import type { KeysContext } from "./keys-context.ts";
import { requireKey, showKey } from "./show-key.ts";

/**
 * Ends a key for good. When this returns, the next request with any of its secrets gets 401.
 * Revoking twice keeps the first record. Throws 404.
 */
export async function revokeKey(
  context: KeysContext,
  options: { keyId: string; reason: string | null; actor: Actor },
): Promise<Key> {
  const { keyId, reason, actor } = options;
  const address = { organizationId: actor.organizationId, keyId };
  const nowMs = context.clock.nowMs();
  const changes = {
    revokedAtMs: nowMs,
    revokedBy: actor.id,
    revokeReason: reason,
    updatedAtMs: nowMs,
  };
  await context.audit.commit({
    actor,
    isUrgent: true,
    build: async (now) => {
      const stored = await requireKey(context, address);
      const { key } = stored;
      requireMayChange(now, key);
      requireCovered(now, key);
      return {
        change: [
          ...insertKeyEvent(context.db, keyId, {
            type: "key.revoked",
            nowMs,
            more: { revoked_by: actor.id, reason },
          }),
          ...changeKey(context.db, address, changes),
        ],
        entry: {
          action: "key.revoked",
          targetId: keyId,
          organizationId: key.organizationId,
          changes: changesBetween(
            describeKey(stored, nowMs),
            describeKey({ ...stored, key: { ...key, ...changes } }, nowMs),
          ),
        },
      };
    },
  });
  context.invalidate(keyId);
  return showKey(context, address);
}
