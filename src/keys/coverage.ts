import { DomainError, invalidField } from "../core/errors.ts";
import { managementScopes } from "../http/route-access.ts";
import type { Actor } from "../organizations/actor.ts";
import { isRangeWithin, parseAddressRange } from "../permissions/address-range.ts";
import { covers, missingScope } from "../permissions/scopes.ts";
import type { KeyRow } from "./key-store.ts";

/** What bounds a management key. */
type Reach = Pick<
  KeyRow,
  | "type"
  | "scopes"
  | "instanceWide"
  | "expiresAtMs"
  | "ipAllowlist"
  | "requestsPerMinute"
  | "requestsPerDay"
  | "concurrentRequests"
>;

/**
 * Nobody makes, changes or takes over a management key that is wider than themselves: in scopes, in
 * life, in addresses, in limits, in being the operator's. The scopes of other types are another
 * namespace, that of the API behind; whoever may write keys may give those out. Throws 403.
 */
export function requireCovered(actor: Actor, key: Reach): void {
  if (key.type !== "management") return;
  if (key.instanceWide && !actor.instanceWide) {
    throw new DomainError("wrong_key_type", "Only the operator may change an operator's key.");
  }
  const scope = missingScope(actor.scopes, key.scopes);
  if (scope !== undefined) throw tooWide(`the scope ${scope}`, "scopes", scope);
  if (actor.expiresAtMs !== null && (key.expiresAtMs ?? Infinity) > actor.expiresAtMs) {
    throw tooWide("a life longer than its own", "expires_at");
  }
  if (!coversAddresses(actor, key)) {
    throw tooWide("addresses outside its own allowlist", "ip_allowlist");
  }
  for (const name of limitNames) {
    const own = actor.limits[name];
    if (own !== null && (key[name] ?? Infinity) > own) {
      throw tooWide("limits above its own", "limits");
    }
  }
}

const limitNames = ["requestsPerMinute", "requestsPerDay", "concurrentRequests"] as const;

function coversAddresses({ addressRanges }: Actor, { ipAllowlist }: Reach): boolean {
  if (addressRanges === null) return true;
  if (ipAllowlist === null) return false;
  return ipAllowlist.every((text) => {
    const range = parseAddressRange(text);
    return range !== undefined && addressRanges.some((outer) => isRangeWithin(range, outer));
  });
}

function tooWide(what: string, param: string, scope?: string): DomainError {
  return new DomainError(
    "insufficient_scope",
    `A management key can neither give out nor change what is wider than itself: here ${what}.`,
    { param, ...(scope === undefined ? {} : { scope }) },
  );
}

/** Throws 422 for a scope that means nothing on a management key: a typing error would make it useless. */
export function requireKnownScopes(type: KeyRow["type"], scopes: readonly string[]): void {
  if (type !== "management") return;
  const unknown = scopes.find((scope) => !managementScopes.some((known) => covers(scope, known)));
  if (unknown === undefined) return;
  const known = managementScopes.join(", ");
  throw invalidField(
    "scopes",
    `A management key has no scope ${unknown}. It may hold *, ${known}.`,
  );
}
