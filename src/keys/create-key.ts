import { invalidField } from "../core/errors.ts";
import { newId } from "../crypto/ids.ts";
import { generateSecret } from "../crypto/secret-format.ts";
import type { Alongside } from "../db/client.ts";
import { isForeignKeyViolation } from "../db/database-error.ts";
import type { Actor } from "../organizations/actor.ts";
import { findWorkspace } from "../organizations/organization-store.ts";
import { findPlan } from "../plans/plan-store.ts";
import { requireCovered, requireKnownScopes } from "./coverage.ts";
import { describeKey } from "./describe-key.ts";
import { keyColumns } from "./key-fields.ts";
import type { KeyWithSecret } from "./key-schemas.ts";
import { insertKey, type KeyRow } from "./key-store.ts";
import type { KeysContext } from "./keys-context.ts";
import type { CreateKey } from "./write-schemas.ts";

export const defaultScopes = ["*"];

/**
 * Makes a key and its first secret. The secret is in the result and nowhere else.
 * Throws a 422 for a field that does not fit and a 403 for more than the actor holds.
 */
export async function createKey(
  context: KeysContext,
  options: {
    input: CreateKey;
    actor: Actor;
    /** What goes into the same transaction, told what will be answered. */
    alongside?: (created: KeyWithSecret) => Alongside;
  },
): Promise<KeyWithSecret> {
  const { input, actor } = options;
  const nowMs = context.clock.nowMs();
  const type = input.type ?? "workspace";
  const environment = input.environment ?? "live";
  const workspace = await findWorkspace(context.db, actor.organizationId, {
    id: input.workspace_id ?? actor.workspaceId,
  });
  if (workspace === undefined) throw invalidField("workspace_id", "No such workspace.");
  const columns = keyColumns(input, nowMs);
  await requirePlan(context, columns.planSlug);
  const { secret, keyPrefix } = generateSecret(type, environment);
  const key: KeyRow = {
    ...blankKey,
    ...columns,
    id: newId("key", nowMs),
    organizationId: actor.organizationId,
    workspaceId: workspace.id,
    type,
    environment,
    label: input.label,
    keyPrefix,
    instanceWide: type === "management" && actor.instanceWide && actor.isCommand,
    createdAtMs: nowMs,
    createdBy: actor.id,
    updatedAtMs: nowMs,
  };
  requireKnownScopes(type, key.scopes);
  const stored = { key, lastUsedAtMs: null, requestsTotal: 0, previous: null };
  const described = describeKey(stored, nowMs);
  const created = { ...described, secret };
  const secretRow = context.secretRow({ keyId: key.id, secret, keyPrefix, nowMs });
  await context.audit
    .commit({
      actor,
      build: (now) => {
        requireCovered(now, key);
        return {
          change: insertKey(context.db, key, secretRow),
          entry: {
            action: "key.created",
            targetId: key.id,
            organizationId: key.organizationId,
            changes: { before: null, after: described },
          },
          alongside: options.alongside?.(created) ?? [],
        };
      },
    })
    .catch((error: unknown) => {
      // The plan went between the check and the write.
      throw isForeignKeyViolation(error) ? invalidField("plan", "No such plan.") : error;
    });
  return created;
}

const blankKey = {
  description: null,
  scopes: defaultScopes,
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
  expiresAtMs: null,
  rotatedAtMs: null,
  revokedAtMs: null,
  revokedBy: null,
  revokeReason: null,
};

/** Throws a 422 for a plan that does not exist. */
export async function requirePlan(
  context: KeysContext,
  slug: string | null | undefined,
): Promise<void> {
  if (slug === null || slug === undefined) return;
  if ((await findPlan(context.db, slug)) === undefined) throw invalidField("plan", "No such plan.");
}
