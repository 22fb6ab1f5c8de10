import type { Actor } from "../organizations/actor.ts";
import { requireCovered } from "./coverage.ts";
import { describeKey } from "./describe-key.ts";
import { requireMayChange } from "./key-rights.ts";
import type { Key } from "./key-schemas.ts";
import type { KeysContext } from "./keys-context.ts";
import { revokeKey } from "./revoke-key.ts";
import { requireKey } from "./show-key.ts";

/**
 * Revokes several keys, each as `revokeKey` does. With `dryRun` it only says which keys those are.
 * Every key is checked before the first is revoked: one that is missing, foreign or wider than the
 * actor throws 404 or 403 and nothing is done.
 */
export async function revokeKeys(
  context: KeysContext,
  options: { keyIds: readonly string[]; reason: string | null; dryRun: boolean; actor: Actor },
): Promise<Key[]> {
  const { reason, dryRun, actor } = options;
  const keyIds = [...new Set(options.keyIds)];
  const found: Key[] = [];
  for (const keyId of keyIds) {
    const stored = await requireKey(context, { organizationId: actor.organizationId, keyId });
    requireMayChange(actor, stored.key);
    requireCovered(actor, stored.key);
    found.push(describeKey(stored, context.clock.nowMs()));
  }
  if (dryRun) return found;
  const revoked: Key[] = [];
  for (const keyId of keyIds) revoked.push(await revokeKey(context, { keyId, reason, actor }));
  return revoked;
}
