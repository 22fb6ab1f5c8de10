import { DomainError } from "../core/errors.ts";
import { isAtLeast, type Role } from "../core/tenancy.ts";
import type { Actor } from "./actor.ts";

/**
 * Nobody gives out a role above their own, or touches somebody who has one. A key has no role and
 * counts as an admin here; the operator may do all. Throws 403.
 */
export function requireCoversRole(actor: Actor, role: Role): void {
  if (actor.instanceWide) return;
  const own = actor.type === "key" ? "admin" : actor.role;
  if (own !== null && isAtLeast(own, role)) return;
  throw new DomainError("insufficient_role", `Only an ${role} or an operator may do this.`);
}
