import { eq, inArray, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/sqlite-core";
import type { Drizzle } from "../db/client.ts";
import { keys, keyUsage, organizations, plans, secrets, workspaces } from "../db/tables/index.ts";
import type { Counters } from "../limits/counters.ts";
import { type AddressRange, parseAddressRange } from "../permissions/address-range.ts";
import type { Grant } from "./live-key.ts";

export interface LoadedSecret {
  hash: string;
  expiresAtMs: number | null;
  grant: Grant;
  counters: Omit<Counters, "inFlight"> | null;
  lastUsedAtMs: number;
}

/** Reads secrets with everything a decision needs of key, plans and owners: one query for many. */
export function createSecretLoader(db: Drizzle): (hashes: string[]) => Promise<LoadedSecret[]> {
  const query = prepareQuery(db);
  return async (hashes) => {
    const rows = await query.all({ hashes: JSON.stringify(hashes) });
    return rows.map(toLoadedSecret);
  };
}

type Row = Awaited<ReturnType<ReturnType<typeof prepareQuery>["all"]>>[number];

function prepareQuery(db: Drizzle) {
  const keyPlan = alias(plans, "key_plan");
  const ownerPlan = alias(plans, "owner_plan");
  return db
    .select({
      hash: secrets.hash,
      secretExpiresAtMs: secrets.expiresAtMs,
      key: keys,
      keyPlan,
      ownerPlan,
      organizationState: organizations.state,
      workspaceState: workspaces.state,
      usage: keyUsage,
    })
    .from(secrets)
    .innerJoin(keys, eq(keys.id, secrets.keyId))
    .innerJoin(organizations, eq(organizations.id, keys.organizationId))
    .innerJoin(workspaces, eq(workspaces.id, keys.workspaceId))
    .innerJoin(ownerPlan, eq(ownerPlan.slug, organizations.planSlug))
    .leftJoin(keyPlan, eq(keyPlan.slug, keys.planSlug))
    .leftJoin(keyUsage, eq(keyUsage.keyId, keys.id))
    .where(inArray(secrets.hash, sql`(SELECT value FROM json_each(${sql.placeholder("hashes")}))`))
    .prepare();
}

function toLoadedSecret(row: Row): LoadedSecret {
  return {
    hash: row.hash,
    expiresAtMs: row.secretExpiresAtMs,
    grant: toGrant(row),
    counters: row.usage,
    lastUsedAtMs: row.usage?.lastUsedAtMs ?? 0,
  };
}

function toGrant({ key, keyPlan, ownerPlan, usage, ...row }: Row): Grant {
  // An organization's plan is for its data plane; a management key has the limits that are its own.
  const plan = keyPlan ?? (key.type === "management" ? null : ownerPlan);
  return {
    keyId: key.id,
    organizationId: key.organizationId,
    workspaceId: key.workspaceId,
    type: key.type,
    environment: key.environment,
    label: key.label,
    scopes: key.scopes,
    plan: plan?.slug ?? "unlimited",
    limits: {
      requestsPerMinute: key.requestsPerMinute ?? plan?.requestsPerMinute ?? null,
      requestsPerDay: key.requestsPerDay ?? plan?.requestsPerDay ?? null,
      concurrentRequests: key.concurrentRequests ?? plan?.concurrentRequests ?? null,
    },
    allowedModels: key.allowedModels,
    allowedProviders: key.allowedProviders,
    addressRanges: toRanges(key.ipAllowlist),
    metadata: key.metadata,
    enabled: key.enabled,
    instanceWide: key.instanceWide,
    ownerActive: row.organizationState === "active" && row.workspaceState === "active",
    spendLimitMicros: key.spendLimitMicros,
    spentMicros: usage?.spentMicros ?? 0,
    expiresAtMs: key.expiresAtMs,
    createdAtMs: key.createdAtMs,
    revokedAtMs: key.revokedAtMs,
  };
}

/** A range that cannot be read matches nothing: an allowlist fails closed. */
function toRanges(allowlist: string[] | null): AddressRange[] | null {
  return allowlist?.flatMap((text) => parseAddressRange(text) ?? []) ?? null;
}
