import type { DomainError } from "../core/errors.ts";
import { countRequest, exceededLimit, rollWindows } from "../limits/counters.ts";
import { isInRanges } from "../permissions/address-range.ts";
import { familyAllows, matchesGlob } from "../permissions/scopes.ts";
import { isInHats, missingAskedScope, missingSkillScope } from "../permissions/skill-scopes.ts";
import * as denials from "./denials.ts";
import type { Grant, LiveSecret } from "./live-key.ts";

/** What a request wants to do. */
export interface Ask {
  /** Management keys call the management API and no other, other keys everything else. */
  plane: "data" | "management";
  scopes: readonly string[];
  model?: string | undefined;
  provider?: string | undefined;
  /** The skill that is to be run, or one tool of it: `gmail/send-message#attach`. */
  skill?: string | undefined;
  /** Where the request comes from; looked at only when the key has an allowlist. */
  address: string | undefined;
}

/** Why not: the word for `verify`, and the error for a caller who holds the key. */
export interface Denial {
  code: VerifyCode;
  error: DomainError;
}

export const verifyCodes = [
  "VALID",
  "NOT_FOUND",
  "DISABLED",
  "EXPIRED",
  "REVOKED",
  "WRONG_KEY_TYPE",
  "OWNER_SUSPENDED",
  "IP_NOT_ALLOWED",
  "INSUFFICIENT_SCOPE",
  "SKILL_NOT_ALLOWED",
  "MODEL_NOT_ALLOWED",
  "PROVIDER_NOT_ALLOWED",
  "RATE_LIMITED",
  "INSUFFICIENT_CREDITS",
  "SPEND_LIMIT_REACHED",
  "CONCURRENCY_LIMITED",
] as const;
export type VerifyCode = (typeof verifyCodes)[number];

/** The moments a decision is made at: the wall clock for expiry, the window clock for limits. */
export interface Moment {
  wallMs: number;
  windowMs: number;
  /** Real milliseconds until the window clock shows the given moment. */
  untilMs(windowMs: number): number;
}

/**
 * The one decision, in its order: credential, key, owner, type, address, scopes and hats, model and
 * provider, limits. Returns undefined when the request may pass. It changes nothing: `consume` counts.
 */
export function decide(
  secret: LiveSecret | undefined,
  ask: Ask,
  moment: Moment,
): Denial | undefined {
  if (secret === undefined) return denials.notFound();
  const { grant, counters } = secret.live;
  const refused =
    refuseCredential(secret, grant, moment.wallMs) ??
    refuseType(grant, ask) ??
    refusePermission(grant, ask);
  if (refused !== undefined) return refused;
  rollWindows(counters, moment.windowMs);
  const limit = exceededLimit(counters, grant.limits);
  return limit === undefined ? undefined : denials.overLimit(limit, grant, counters, moment);
}

/** Counts an admitted request. Call it in the same turn as the `decide` that admitted it. */
export function consume(secret: LiveSecret, wallMs: number): void {
  const { live } = secret;
  countRequest(live.counters);
  live.lastUsedAtMs = wallMs;
}

/** Whether the secret and its key are alive: the first part of the decision. */
export function isUsable(secret: LiveSecret, nowMs: number): boolean {
  return refuseCredential(secret, secret.live.grant, nowMs) === undefined;
}

function refuseCredential(secret: LiveSecret, grant: Grant, nowMs: number): Denial | undefined {
  if (grant.revokedAtMs !== null) return denials.revoked();
  if (grant.expiresAtMs !== null && grant.expiresAtMs <= nowMs) return denials.expired();
  if (secret.expiresAtMs !== null && secret.expiresAtMs <= nowMs) return denials.expired();
  if (!grant.enabled) return denials.disabled();
  return grant.ownerActive ? undefined : denials.ownerSuspended();
}

function refuseType(grant: Grant, ask: Ask): Denial | undefined {
  const isManagement = grant.type === "management";
  return isManagement === (ask.plane === "management") ? undefined : denials.wrongPlane(ask.plane);
}

function refusePermission(grant: Grant, ask: Ask): Denial | undefined {
  if (grant.addressRanges !== null) {
    const isAllowed = ask.address !== undefined && isInRanges(ask.address, grant.addressRanges);
    if (!isAllowed) return denials.addressNotAllowed();
  }
  const missing = missingAskedScope(grant, ask);
  if (missing !== undefined) return denials.scopeMissing(missing);
  if (ask.skill !== undefined) {
    const refused = refuseSkill(grant, ask.skill);
    if (refused !== undefined) return refused;
  }
  if (ask.model !== undefined && !allows(grant, "model:", grant.allowedModels, ask.model)) {
    return denials.modelNotAllowed(ask.model);
  }
  if (
    ask.provider !== undefined &&
    !allows(grant, "provider:", grant.allowedProviders, ask.provider)
  ) {
    return denials.providerNotAllowed(ask.provider);
  }
  return undefined;
}

function refuseSkill(grant: Grant, skill: string): Denial | undefined {
  const missing = missingSkillScope(grant.skillScopes, "execute", skill);
  if (missing !== undefined) return denials.scopeMissing(missing);
  const isIn = isInHats(grant.hats.skills, "execute", skill);
  return isIn ? undefined : denials.skillNotAllowed(skill);
}

function allows(
  grant: Grant,
  family: "model:" | "provider:",
  listed: readonly string[] | null,
  name: string,
): boolean {
  if (listed !== null && !listed.some((glob) => matchesGlob(glob, name))) return false;
  return familyAllows(grant.scopes, family, name);
}
