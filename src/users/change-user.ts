import { changesBetween } from "../audit/audit-event.ts";
import { definedFields } from "../core/defined-fields.ts";
import { DomainError, notFound } from "../core/errors.ts";
import type { Database } from "../db/client.ts";
import type { Actor } from "../organizations/actor.ts";
import type { ChangeContext } from "../organizations/change-context.ts";
import { requireCoversOperator } from "../organizations/member-rights.ts";
import { describeUser } from "./describe-user.ts";
import { deleteLinksMadeBy } from "./link-store.ts";
import type { ChangeUser, User } from "./schemas.ts";
import { countOperators, findUser, type UserRow, updateUser } from "./user-store.ts";

/**
 * Changes a user, for the operator. Sessions and keys of one who is disabled are refused with the next
 * request. Throws 404, and 409 for the last operator.
 */
export async function changeUser(
  { db, audit, invalidateUser }: ChangeContext,
  { userId, input, actor }: { userId: string; input: ChangeUser; actor: Actor },
): Promise<User> {
  const changed = await audit.record({
    actor,
    isUrgent: true,
    build: async (now) => {
      const row = await requireUser(db, userId);
      const { is_operator: isOperator, ...fields } = input;
      const changes = definedFields({ ...fields, isOperator });
      const after = { ...row, ...changes };
      if (row.isOperator || after.isOperator) requireCoversOperator(now);
      await refuseLastOperator(db, row, after);
      const user = describeUser(after);
      return {
        change: [
          ...(mayLess(row, after) ? deleteLinksMadeBy(db, userId) : []),
          ...updateUser(db, userId, changes),
        ],
        entry: {
          action: "user.changed",
          targetId: userId,
          organizationId: null,
          changes: changesBetween(describeUser(row), user),
        },
        result: user,
      };
    },
  });
  invalidateUser(userId);
  return changed;
}

/** Who may no longer make links leaves none behind to come back by. */
function mayLess(before: UserRow, after: UserRow): boolean {
  return after.state === "disabled" || (before.isOperator && !after.isOperator);
}

async function refuseLastOperator(db: Database, before: UserRow, after: UserRow): Promise<void> {
  const isOne = (user: UserRow) => user.isOperator && user.state === "active";
  if (!isOne(before) || isOne(after) || (await countOperators(db)) > 1) return;
  throw new DomainError("conflict", "This is the last operator. Make somebody else one first.");
}

/** The user. Throws 404. */
export async function requireUser(db: Database, userId: string): Promise<UserRow> {
  const row = await findUser(db, userId);
  if (row === undefined) throw notFound("user");
  return row;
}
