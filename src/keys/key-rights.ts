import { DomainError, invalidField } from "../core/errors.ts";
import { isAtLeast } from "../core/tenancy.ts";
import type { LastingKeyType } from "../crypto/secret-format.ts";
import type { Actor } from "../organizations/actor.ts";
import type { ImportableKeyType } from "./import-schemas.ts";
import type { KeyRow } from "./key-store.ts";

/**
 * Admins change all keys of their organization, members their own user keys and no others. A key of
 * the management API has no role: its scope is what counts. Throws 403.
 */
export function requireMayChange(actor: Actor, key: Pick<KeyRow, "type" | "userId">): void {
  if (actor.instanceWide || actor.role === null || isAtLeast(actor.role, "admin")) return;
  if (key.type === "user" && key.userId === actor.userId) return;
  throw new DomainError("insufficient_role", "A member may change user keys of their own only.");
}

/** A new secret of a user's key would let whoever gets it act as that user. Throws 403. */
export function requireMayTakeSecret(actor: Actor, key: Pick<KeyRow, "type" | "userId">): void {
  requireMayChange(actor, key);
  if (key.userId === null || key.userId === actor.userId) return;
  throw new DomainError("insufficient_role", "Only its user may get a new secret of a user key.");
}

/**
 * Whose key a new one of this type is. A user key is made by its user, logged in: nobody names another
 * one, and neither a key nor the command line stands for a person. Throws 403.
 */
export function ownerOfNewKey(actor: Actor, type: LastingKeyType): string | null {
  if (type !== "user") {
    requireMayChange(actor, { type, userId: null });
    return null;
  }
  if (actor.type === "user" && actor.role !== null) return actor.userId;
  throw new DomainError(
    "insufficient_role",
    "A user key is made by its user, logged in as a member of the organization.",
  );
}

/**
 * Whose key an imported one is. Whoever imports a secret knows it, and could act as the user whose key
 * it becomes. So a person imports user keys of their own, and for others only the operator does, who
 * brings over what the users of another service already hold. Throws 403, and 422 for an owner of no
 * user key.
 */
export function ownerOfImportedKey(
  actor: Actor,
  { type, userId }: { type: ImportableKeyType; userId: string | undefined },
): string | null {
  if (type !== "user") {
    if (userId !== undefined) throw invalidField("user_id", "Only a user key belongs to a user.");
    return ownerOfNewKey(actor, type);
  }
  if (userId === undefined) {
    if (actor.type === "user" && actor.role !== null) return actor.userId;
    throw invalidField("user_id", "Say whose user key this is.");
  }
  if (actor.instanceWide || (actor.type === "user" && userId === actor.userId)) return userId;
  throw new DomainError(
    "insufficient_role",
    "Only the operator may import a user key of somebody else.",
    { param: "user_id" },
  );
}
