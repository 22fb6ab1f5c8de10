import { invalidField } from "../core/errors.ts";
import { newId } from "../crypto/ids.ts";
import type { Alongside } from "../db/client.ts";
import { isForeignKeyViolation } from "../db/database-error.ts";
import type { Actor } from "../organizations/actor.ts";
import { insertKeyEvent } from "../webhooks/event-store.ts";
import { findWorkspace } from "../workspaces/workspace-store.ts";
import { requireCovered, requireKnownScopes } from "./coverage.ts";
import { describeKey } from "./describe-key.ts";
import { keyColumns } from "./key-fields.ts";
import { requireHats } from "./key-hats.ts";
import { ownerOfNewKey } from "./key-rights.ts";
import type { KeyWithSecret } from "./key-schemas.ts";
import { insertKey, type KeyRow, type StoredKey } from "./key-store.ts";
import type { KeysContext } from "./keys-context.ts";
import { requireWithinPlan } from "./plan-ceiling.ts";
import { type CreateKey, scopePresets } from "./write-schemas.ts";

/** What a key may do when nobody says: everything that whoever makes it may give. */
const everything = ["*"];

interface Making {
  input: CreateKey;
  actor: Actor;
  /** What goes into the same transaction, told what will be answered. */
  alongside?: (created: KeyWithSecret) => Alongside;
}

/**
 * Makes a key and its first secret. The secret is in the result and nowhere else.
 * Throws a 422 for a field that does not fit and a 403 for more than the actor holds.
 */
export async function createKey(context: KeysContext, making: Making): Promise<KeyWithSecret> {
  const { input, actor, alongside = () => [] } = making;
  return context.audit
    .record({
      actor,
      build: async (now) => {
        const nowMs = context.clock.nowMs();
        const { type, environment, hats, ...row } = await newKey(context, { input, actor: now });
        const { secret, keyPrefix } = context.newSecret(type, environment);
        const key = { ...row, type, environment, keyPrefix };
        const stored = { key, hats, lastUsedAtMs: null, requestsTotal: 0, previous: null };
        const described = describeKey(stored, nowMs);
        const created = { ...described, secret };
        const secretRow = context.secretRow({ keyId: key.id, secret, keyPrefix, nowMs });
        return {
          change: insertKey(context.db, stored, secretRow),
          entry: {
            action: "key.created",
            targetId: key.id,
            organizationId: key.organizationId,
            changes: { before: null, after: described },
          },
          alongside: [
            ...insertKeyEvent(context.db, key.id, {
              type: "key.created",
              nowMs,
              more: { created_by: key.createdBy },
            }),
            ...alongside(created),
          ],
          result: created,
        };
      },
    })
    .catch((error: unknown) => {
      // The plan went between the check and the write.
      throw isForeignKeyViolation(error) ? invalidField("plan", "No such plan.") : error;
    });
}

/**
 * The row of a new key, once everything about it is known to be allowed: for `userId`, or for whom the
 * actor may make it. Throws a 422 for a field that does not fit and a 403 for more than the actor holds.
 */
export async function newKey(
  context: KeysContext,
  making: { input: CreateKey; actor: Actor; userId?: string | null },
): Promise<Omit<KeyRow, "keyPrefix"> & Pick<StoredKey, "hats">> {
  const { input, actor } = making;
  const nowMs = context.clock.nowMs();
  const type = input.type ?? "workspace";
  const userId = making.userId === undefined ? ownerOfNewKey(actor, type) : making.userId;
  const workspaceId = input.workspace_id ?? actor.workspaceId;
  const workspace = await findWorkspace(context.db, actor.organizationId, workspaceId);
  if (workspace === undefined) throw invalidField("workspace_id", "No such workspace.");
  const key = {
    ...blankKey,
    scopes: defaultScopes(input, actor),
    ...keyColumns(input, nowMs),
    id: newId("key", nowMs),
    organizationId: actor.organizationId,
    workspaceId,
    userId,
    type,
    environment: input.environment ?? "live",
    label: input.label,
    instanceWide: input.instance_wide ?? false,
    createdAtMs: nowMs,
    createdBy: actor.id,
    updatedAtMs: nowMs,
  };
  if (key.instanceWide && type !== "management") {
    throw invalidField("instance_wide", "Only a management key can be the operator's.");
  }
  requireKnownScopes(type, key.scopes);
  requireCovered(actor, key);
  await requireWithinPlan(context, { actor, key, input });
  const hats = await requireHats(context, { actor, key, hats: input.hats ?? [] });
  return { ...key, hats };
}

function defaultScopes({ preset, scopes, type }: CreateKey, actor: Actor): string[] {
  if (preset !== undefined) {
    if (scopes !== undefined) throw invalidField("preset", "Give scopes or preset, not both.");
    return [...scopePresets[preset]];
  }
  return type === "management" ? [...actor.scopes] : everything;
}

const blankKey = {
  description: null,
  planSlug: null,
  requestsPerMinute: null,
  requestsPerDay: null,
  concurrentRequests: null,
  allowedModels: null,
  allowedProviders: null,
  ipAllowlist: null,
  metadata: {},
  enabled: true,
  spendLimitMicros: null,
  spendReset: "never" as const,
  expiresAtMs: null,
  rotatedAtMs: null,
  revokedAtMs: null,
  revokedBy: null,
  revokeReason: null,
};
