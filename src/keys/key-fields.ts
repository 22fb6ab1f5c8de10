import { definedFields } from "../core/defined-fields.ts";
import { invalidField } from "../core/errors.ts";
import { parseTimestamp } from "../core/timestamp.ts";
import { readAmount } from "../credits/amount-schemas.ts";
import { parseAddressRange } from "../permissions/address-range.ts";
import { isValidScope } from "../permissions/scopes.ts";
import type { KeyRow } from "./key-store.ts";
import { metadataBytesMax } from "./schema-fields.ts";
import type { CreateKey, UpdateKey } from "./write-schemas.ts";

/** The last moment that an RFC 3339 year of four digits can name a day of. */
const expiresAtMaxMs = Date.UTC(9999, 11, 31);

/**
 * The columns that the given fields set, once they pass the rules that a schema cannot say. Absent
 * fields set nothing. Throws a 422 that names the field.
 */
export function keyColumns(input: CreateKey | UpdateKey, nowMs: number): Partial<KeyRow> {
  // What is wrong is said by its place: in an import with a column out of place it can be a secret.
  for (const [at, scope] of (input.scopes ?? []).entries()) {
    if (!isValidScope(scope)) {
      throw invalidField(`scopes.${at}`, "Not a scope. A * may only be the last segment.");
    }
  }
  for (const [at, range] of (input.ip_allowlist ?? []).entries()) {
    if (parseAddressRange(range) === undefined) {
      throw invalidField(`ip_allowlist.${at}`, "Not an address or CIDR network.");
    }
  }
  if (input.metadata && Buffer.byteLength(JSON.stringify(input.metadata)) > metadataBytesMax) {
    throw invalidField("metadata", `Larger than ${metadataBytesMax} bytes of JSON.`);
  }
  return definedFields({
    label: input.label,
    description: input.description,
    scopes: input.scopes && [...new Set(input.scopes)],
    planSlug: input.plan,
    requestsPerMinute: input.limits?.requests_per_minute,
    requestsPerDay: input.limits?.requests_per_day,
    concurrentRequests: input.limits?.concurrent_requests,
    spendLimitMicros: input.spend_limit && readAmount("spend_limit", input.spend_limit),
    spendReset: input.spend_limit_reset,
    allowedModels: input.allowed_models,
    allowedProviders: input.allowed_providers,
    ipAllowlist: input.ip_allowlist,
    metadata: input.metadata,
    enabled: "enabled" in input ? input.enabled : undefined,
    expiresAtMs: expiresAtMs(input, nowMs),
  });
}

function expiresAtMs(input: CreateKey | UpdateKey, nowMs: number): number | null | undefined {
  if (input.expires_at !== undefined && input.expires_in_seconds !== undefined) {
    throw invalidField("expires_in_seconds", "Give expires_at or expires_in_seconds, not both.");
  }
  if (input.expires_in_seconds !== undefined) return nowMs + input.expires_in_seconds * 1_000;
  if (input.expires_at === undefined || input.expires_at === null) return input.expires_at;
  const moment = parseTimestamp(input.expires_at);
  if (Number.isNaN(moment)) throw invalidField("expires_at", "Not an RFC 3339 date and time.");
  if (moment <= nowMs) throw invalidField("expires_at", "Lies in the past.");
  if (moment > expiresAtMaxMs) throw invalidField("expires_at", "Lies too far in the future.");
  return moment;
}
