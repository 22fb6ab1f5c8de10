import { changesBetween } from "../audit/audit-event.ts";
import { invalidField } from "../core/errors.ts";
import { isForeignKeyViolation } from "../db/database-error.ts";
import type { Actor } from "../organizations/actor.ts";
import { requireCovered, requireKnownScopes } from "./coverage.ts";
import { describeKey } from "./describe-key.ts";
import { keyColumns } from "./key-fields.ts";
import { requireHats } from "./key-hats.ts";
import { requireMayChange } from "./key-rights.ts";
import type { Key } from "./key-schemas.ts";
import { changeHats, changeKey, type StoredKey } from "./key-store.ts";
import type { KeysContext } from "./keys-context.ts";
import { requireWithinPlan } from "./plan-ceiling.ts";
import { requireLiveKey, showKey } from "./show-key.ts";
import type { UpdateKey } from "./write-schemas.ts";

/** Changes the given fields of a key; effective when it returns. Throws 403, 404, 409 or 422. */
export async function updateKey(
  context: KeysContext,
  options: { keyId: string; input: UpdateKey; actor: Actor },
): Promise<Key> {
  const { keyId, input, actor } = options;
  const address = { organizationId: actor.organizationId, keyId };
  const nowMs = context.clock.nowMs();
  const columns = { ...keyColumns(input, nowMs), updatedAtMs: nowMs };
  await context.audit
    .commit({
      actor,
      build: async (now) => {
        const stored = await requireLiveKey(context, address);
        const key = { ...stored.key, ...columns };
        const changed = { ...stored, key };
        requireMayChange(now, stored.key);
        requireCovered(now, stored.key);
        requireKnownScopes(key.type, key.scopes);
        requireCovered(now, key);
        await requireWithinPlan(context, { actor: now, key, input });
        const hats = await changedHats(context, { actor: now, stored, input });
        return {
          change: [
            ...(hats === undefined ? [] : changeHats(context.db, keyId, hats)),
            ...changeKey(context.db, address, columns),
          ],
          entry: {
            action: "key.updated",
            targetId: keyId,
            organizationId: key.organizationId,
            changes: changesBetween(
              describeKey(stored, nowMs),
              describeKey({ ...changed, hats: hats ?? stored.hats }, nowMs),
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
  // Revoked by another process between the read and the write: say so.
  await requireLiveKey(context, address);
  return showKey(context, address);
}

/** The hats the key is to wear from now on; undefined when nothing is said about them. */
function changedHats(
  context: KeysContext,
  { actor, stored, input }: { actor: Actor; stored: StoredKey; input: UpdateKey },
): Promise<string[]> | undefined {
  if (input.hats === undefined) return undefined;
  return requireHats(context, { actor, key: stored.key, hats: input.hats });
}
