import { changesBetween } from "../audit/audit-event.ts";
import { invalidField } from "../core/errors.ts";
import { isForeignKeyViolation } from "../db/database-error.ts";
import type { Actor } from "../organizations/actor.ts";
import { requireCovered, requireKnownScopes } from "./coverage.ts";
import { requirePlan } from "./create-key.ts";
import { describeKey } from "./describe-key.ts";
import { keyColumns } from "./key-fields.ts";
import type { Key } from "./key-schemas.ts";
import { changeKey, isChanged } from "./key-store.ts";
import type { KeysContext } from "./keys-context.ts";
import { requireLiveKey, showKey } from "./show-key.ts";
import type { UpdateKey } from "./write-schemas.ts";

/** Changes the given fields of a key; effective when it returns. Throws 404, 409 or 422. */
export async function updateKey(
  context: KeysContext,
  options: { keyId: string; input: UpdateKey; actor: Actor },
): Promise<Key> {
  const { keyId, input, actor } = options;
  const address = { organizationId: actor.organizationId, keyId };
  const nowMs = context.clock.nowMs();
  const columns = { ...keyColumns(input, nowMs), updatedAtMs: nowMs };
  await requirePlan(context, columns.planSlug);
  const results = await context.audit
    .commit({
      actor,
      build: async (now) => {
        const stored = await requireLiveKey(context, address);
        const { key } = stored;
        requireCovered(now, key);
        const changed = { ...key, ...columns };
        requireKnownScopes(key.type, changed.scopes);
        requireCovered(now, changed);
        return {
          change: changeKey(context.db, address, columns),
          entry: {
            action: "key.updated",
            targetId: keyId,
            organizationId: key.organizationId,
            changes: changesBetween(
              describeKey(stored, nowMs),
              describeKey({ ...stored, key: changed }, nowMs),
            ),
          },
        };
      },
    })
    .catch((error: unknown) => {
      // The plan went between the check and the write.
      throw isForeignKeyViolation(error) ? invalidField("plan", "No such plan.") : error;
    });
  context.invalidate(keyId);
  // Revoked between the read and the write: say so.
  if (!isChanged(results)) await requireLiveKey(context, address);
  return showKey(context, address);
}
