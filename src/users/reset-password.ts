import type { NewLogin } from "../sessions/log-in.ts";
import { deleteSessions, listMemberships } from "../sessions/session-store.ts";
import { deleteLinksOfUser, type LinkRow } from "./link-store.ts";
import { finish, notValid, requireGoodPassword, type Use, userOf } from "./link-use.ts";
import type { PeopleContext } from "./people-context.ts";
import { type UserRow, updateUser } from "./user-store.ts";

/** Sets a new password and ends all sessions. Throws 410 when the link's maker no longer could, 422. */
export async function resetPassword(context: PeopleContext, use: Use): Promise<NewLogin> {
  const { db, clock, hasher } = context;
  const before = await userOf(context, use.link);
  if (before === undefined) throw notValid();
  await requireGoodPassword(use.input.password, before.email);
  const passwordHash = await hasher.hash(use.input.password);
  return finish(context, { ...use, userId: before.id }, async () => {
    const user = await userOf(context, use.link);
    if (user?.state !== "active" || !(await mayStillReset(context, use.link, user))) {
      throw notValid();
    }
    const changes = { passwordHash, passwordChangedAtMs: clock.nowMs() };
    return {
      user: { ...user, ...changes },
      change: [
        ...deleteSessions(db, user.id),
        ...deleteLinksOfUser(db, user.id),
        ...updateUser(db, user.id, changes),
      ],
      entry: { action: "user.password_changed" as const, organizationId: use.link.organizationId },
      after: null,
    };
  });
}

/**
 * An admin's link is for somebody who belongs to that organization alone: else an admin of one could
 * take over a member of another, or an operator.
 */
async function mayStillReset(
  { db }: PeopleContext,
  { organizationId }: LinkRow,
  user: UserRow,
): Promise<boolean> {
  if (organizationId === null) return true;
  const memberships = await listMemberships(db, user.id);
  const isOnlyThere = memberships.every((one) => one.organizationId === organizationId);
  return isOnlyThere && memberships.length === 1 && !user.isOperator;
}
