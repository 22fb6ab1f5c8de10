import { DomainError } from "../core/errors.ts";
import {
  countMembers,
  findMember,
  insertMember,
  membersMax,
} from "../organizations/member-store.ts";
import { findOrganization } from "../organizations/tenant-store.ts";
import { checkPassword } from "../sessions/check-password.ts";
import type { NewLogin } from "../sessions/log-in.ts";
import { finish, newUser, notValid, type Use } from "./link-use.ts";
import type { PeopleContext } from "./people-context.ts";
import { findUserByEmail, insertUser } from "./user-store.ts";

/**
 * Lets an invited person in: with a new password, or with the one that the user of this address has.
 * Throws 401 for a wrong one, 409 for a member, 410 when the organization is gone, 422.
 */
export async function acceptInvitation(context: PeopleContext, use: Use): Promise<NewLogin> {
  const { db, clock } = context;
  const { organizationId, role, email } = use.link;
  if (organizationId === null || role === null || email === null) throw notValid();
  const known = await findUserByEmail(db, email);
  const { password } = use.input;
  const { address } = use.origin;
  const user =
    known === undefined
      ? await newUser(context, { email, use, isOperator: false })
      : await checkPassword(context, { email, password, address });
  return finish(context, { ...use, userId: user.id }, async () => {
    const now = await findUserByEmail(db, email);
    const isAsChecked =
      now === undefined || (now.passwordHash === user.passwordHash && now.state === "active");
    if ((now === undefined) !== (known === undefined) || !isAsChecked) {
      throw new DomainError("conflict", "The user has just changed. Try again.");
    }
    if ((await findOrganization(db, organizationId)) === undefined) throw notValid();
    if ((await findMember(db, organizationId, user.id)) !== undefined) {
      throw new DomainError("conflict", "This user is a member already.");
    }
    if ((await countMembers(db, organizationId)) >= membersMax) {
      throw new DomainError("conflict", `An organization has ${membersMax} members at most.`);
    }
    const member = { organizationId, userId: user.id, role, createdAtMs: clock.nowMs() };
    return {
      user,
      change: [...(known === undefined ? insertUser(db, user) : []), ...insertMember(db, member)],
      entry: { action: "member.added" as const, organizationId },
      after: { email, role },
    };
  });
}
