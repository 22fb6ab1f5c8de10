import { microsToUsd } from "../credits/micros.ts";
import { toOptionalTimestamp, toTimestamp } from "../http/schema-parts.ts";
import type { Key, KeyStatus } from "./key-schemas.ts";
import type { KeyRow, StoredKey } from "./key-store.ts";

/** The key as the API shows it. */
export function describeKey(stored: StoredKey, nowMs: number): Key {
  const { key, previous } = stored;
  return {
    id: key.id,
    organization_id: key.organizationId,
    workspace_id: key.workspaceId,
    user_id: key.userId,
    type: key.type,
    environment: key.environment,
    label: key.label,
    description: key.description,
    key_prefix: key.keyPrefix,
    status: statusOf(key, nowMs),
    scopes: key.scopes,
    hats: stored.hats,
    instance_wide: key.instanceWide,
    plan: key.planSlug,
    limits: {
      requests_per_minute: key.requestsPerMinute,
      requests_per_day: key.requestsPerDay,
      concurrent_requests: key.concurrentRequests,
    },
    spend_limit: key.spendLimitMicros === null ? null : microsToUsd(key.spendLimitMicros),
    spend_limit_reset: key.spendReset,
    allowed_models: key.allowedModels,
    allowed_providers: key.allowedProviders,
    ip_allowlist: key.ipAllowlist,
    metadata: key.metadata,
    enabled: key.enabled,
    expires_at: toOptionalTimestamp(key.expiresAtMs),
    created_at: toTimestamp(key.createdAtMs),
    created_by: key.createdBy,
    updated_at: toTimestamp(key.updatedAtMs),
    last_used_at: toOptionalTimestamp(stored.lastUsedAtMs),
    requests_total: stored.requestsTotal,
    rotated_at: toOptionalTimestamp(key.rotatedAtMs),
    previous_secret: describePrevious(previous),
    revoked_at: toOptionalTimestamp(key.revokedAtMs),
    revoked_by: key.revokedBy,
    revoke_reason: key.revokeReason,
  };
}

type StatusFields = Pick<KeyRow, "revokedAtMs" | "expiresAtMs" | "enabled">;

/** What ended a key counts before what switched it off. */
export function statusOf(key: StatusFields, nowMs: number): KeyStatus {
  if (key.revokedAtMs !== null) return "revoked";
  if (key.expiresAtMs !== null && key.expiresAtMs <= nowMs) return "expired";
  return key.enabled ? "active" : "disabled";
}

function describePrevious(previous: StoredKey["previous"]): Key["previous_secret"] {
  if (previous === null || previous.expiresAtMs === null) return null;
  return {
    key_prefix: previous.keyPrefix,
    expires_at: toTimestamp(previous.expiresAtMs),
    last_used_at: toOptionalTimestamp(previous.lastUsedAtMs),
  };
}
