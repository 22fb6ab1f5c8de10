import { DomainError } from "../core/errors.ts";
import { isAtLeast, type Role } from "../core/tenancy.ts";
import { scopesOfRole } from "../http/route-access.ts";
import { holdsScope, missingScope } from "../permissions/scopes.ts";
import type { Actor } from "./actor.ts";

/**
 * Nobody gives out a role above their own, or touches somebody who has one. A key has no role: it has
 * to hold every scope of the role, and one of an organization counts as an admin at most. Throws 403.
 */
export function requireCoversRole(actor: Actor, role: Role): void {
  if (actor.type === "key" ? keyCovers(actor, role) : personCovers(actor, role)) return;
  throw new DomainError("insufficient_role", `Only an ${role} or an operator may do this.`);
}

function keyCovers({ scopes, instanceWide }: Actor, role: Role): boolean {
  if (!instanceWide && !isAtLeast("admin", role)) return false;
  return missingScope(scopes, scopesOfRole(role)) === undefined;
}

function personCovers({ instanceWide, role: own }: Actor, role: Role): boolean {
  return instanceWide || (own !== null && isAtLeast(own, role));
}

/**
 * Who makes, changes or lets in an operator has to be one: a person, the command line, or a key that
 * holds everything. Throws 403.
 */
export function requireCoversOperator(actor: Actor): void {
  const holdsAll = actor.type !== "key" || holdsScope(actor.scopes, "*");
  if (actor.instanceWide && holdsAll) return;
  throw new DomainError("insufficient_role", "Only an operator may do this to an operator.");
}
