import type { SpendReset } from "../core/money.ts";
import type { Role } from "../core/tenancy.ts";
import type { AccountView } from "../credits/account-views.ts";
import type { Spend } from "../credits/spend-windows.ts";
import type { Environment, KeyType } from "../crypto/secret-format.ts";
import type { Counters, Limits } from "../limits/counters.ts";
import { type AddressRange, parseAddressRange } from "../permissions/address-range.ts";
import type { HatFlags, HatView } from "../permissions/hat-view.ts";
import { narrowToRole } from "../permissions/role-scopes.ts";
import type { Grant } from "./live-key.ts";

export interface LoadedSecret {
  hash: string;
  runtimeId: string | null;
  expiresAtMs: number | null;
  grant: Grant;
  counters: Omit<Counters, "inFlight"> | null;
  lastUsedAtMs: number;
  spend: Spend | null;
  spendVersion: number;
}

/** A row as the database puts it into JSON: booleans are 0 and 1. */
export interface Row {
  hash: string;
  secretExpiresAtMs: number | null;
  runtimeId: string | null;
  keyId: string;
  organizationId: string;
  workspaceId: string;
  userId: string | null;
  userState: string | null;
  role: Role | null;
  hats: HatFlags[];
  type: KeyType;
  environment: Environment;
  label: string;
  scopes: string[];
  allowedModels: string[] | null;
  allowedProviders: string[] | null;
  ipAllowlist: string[] | null;
  metadata: Record<string, unknown>;
  enabled: 0 | 1;
  instanceWide: 0 | 1;
  spendLimitMicros: number | null;
  spendReset: SpendReset;
  account: { version: number; balance: number; held: number; low: number };
  spend: Spend | null;
  expiresAtMs: number | null;
  createdAtMs: number;
  revokedAtMs: number | null;
  ownLimits: Limits;
  keyPlan: PlanFields;
  ownerPlan: PlanFields;
  organizationState: string;
  workspaceState: string;
  lastUsedAtMs: number | null;
  counters: Omit<Counters, "inFlight">;
}

type PlanFields = Limits & { slug: string | null };

/** The secret, with what a decision needs. */
export function toLoadedSecret(row: Row, view: HatView): LoadedSecret {
  return {
    hash: row.hash,
    runtimeId: row.runtimeId,
    expiresAtMs: row.secretExpiresAtMs,
    grant: toGrant(row, view),
    spend: row.spend,
    spendVersion: row.account.version,
    counters: row.lastUsedAtMs === null ? null : row.counters,
    lastUsedAtMs: row.lastUsedAtMs ?? 0,
  };
}

/** What a decision rests on. */
export function toGrant(row: Row, view: HatView): Grant {
  const { ownLimits, userId } = row;
  const { scopes, skillScopes } = narrowToRole(row.scopes, row.role);
  const plan = planOf(row);
  return {
    keyId: row.keyId,
    organizationId: row.organizationId,
    workspaceId: row.workspaceId,
    userId,
    type: row.type,
    environment: row.environment,
    label: row.label,
    scopes,
    skillScopes,
    hats: view,
    plan: plan?.slug ?? "unlimited",
    limits: {
      requestsPerMinute: ownLimits.requestsPerMinute ?? plan?.requestsPerMinute ?? null,
      requestsPerDay: ownLimits.requestsPerDay ?? plan?.requestsPerDay ?? null,
      concurrentRequests: ownLimits.concurrentRequests ?? plan?.concurrentRequests ?? null,
    },
    allowedModels: row.allowedModels,
    allowedProviders: row.allowedProviders,
    addressRanges: toRanges(row.ipAllowlist),
    metadata: row.metadata,
    enabled: row.enabled === 1,
    instanceWide: row.instanceWide === 1,
    ownerActive: isOwnerActive(row),
    spendLimitMicros: row.spendLimitMicros,
    spendReset: row.spendReset,
    account: accountOf(row),
    expiresAtMs: row.expiresAtMs,
    createdAtMs: row.createdAtMs,
    revokedAtMs: row.revokedAtMs,
  };
}

function accountOf({ organizationId, account }: Row): AccountView {
  const { version, balance, held, low: lowBalanceMicros } = account;
  return { organizationId, version, availableMicros: balance - held, lowBalanceMicros };
}

/** A user's key lives as long as the user is active and a member. */
function isOwnerActive(row: Row): boolean {
  const isTenantActive = row.organizationState === "active" && row.workspaceState === "active";
  if (row.userId === null) return isTenantActive;
  return isTenantActive && row.userState === "active" && row.role !== null;
}

/** An organization's plan is for its data plane; a management key has the limits that are its own. */
function planOf({ type, keyPlan, ownerPlan }: Row): PlanFields | undefined {
  if (keyPlan.slug !== null) return keyPlan;
  return type === "management" ? undefined : ownerPlan;
}

/** A range that cannot be read matches nothing: an allowlist fails closed. */
function toRanges(allowlist: string[] | null): AddressRange[] | null {
  return allowlist?.flatMap((text) => parseAddressRange(text) ?? []) ?? null;
}
