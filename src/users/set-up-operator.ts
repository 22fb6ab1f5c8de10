import type { AuditLog } from "../audit/audit-log.ts";
import type { Clock } from "../core/clock.ts";
import { newId } from "../crypto/ids.ts";
import type { PasswordHasher } from "../crypto/password-hash.ts";
import type { Alongside, Database } from "../db/client.ts";
import type { Actor } from "../organizations/actor.ts";
import { findMember, insertMember } from "../organizations/member-store.ts";
import { defaultTenant } from "../organizations/setup-store.ts";
import { requireUncommon } from "../sessions/password-rules.ts";
import { deleteSessions } from "../sessions/session-store.ts";
import { describeUser } from "./describe-user.ts";
import { deleteLinksOfUser, deleteSetupLinks } from "./link-store.ts";
import { findUserByEmail, insertUser, type UserRow, updateUser } from "./user-store.ts";

interface Operator {
  email: string;
  name: string;
  password: string;
}

/**
 * Makes somebody an operator, who is an owner of the first organization as well; the command line's
 * way. A user who is there already gets the password and is enabled: whoever owns the data folder can
 * help an operator in who is locked out. Throws 422 for a common password.
 */
export async function setUpOperator(
  context: { db: Database; audit: AuditLog; clock: Clock; hasher: PasswordHasher },
  { actor, operator }: { actor: Actor; operator: Operator },
): Promise<UserRow> {
  const { db, audit, clock, hasher } = context;
  const email = operator.email.toLowerCase();
  await requireUncommon(operator.password, { email, param: "password" });
  const passwordHash = await hasher.hash(operator.password);
  return audit.record({
    actor,
    build: async () => {
      const nowMs = clock.nowMs();
      const known = await findUserByEmail(db, email);
      const user: UserRow = {
        ...(known ?? { id: newId("user", nowMs), email, name: operator.name, createdAtMs: nowMs }),
        passwordHash,
        isOperator: true,
        state: "active",
        passwordChangedAtMs: nowMs,
      };
      const change =
        known === undefined
          ? await insertOperator(db, user)
          : [
              ...deleteSessions(db, user.id),
              ...deleteLinksOfUser(db, user.id),
              ...(await joinFirst(db, user, nowMs)),
              ...updateUser(db, user.id, user),
            ];
      return {
        change,
        entry: {
          action: known === undefined ? "user.created" : "user.changed",
          targetId: user.id,
          organizationId: null,
          changes: { before: known ? describeUser(known) : null, after: describeUser(user) },
        },
        result: user,
      };
    },
  });
}

/** The statement that makes a user an owner of the first organization; none for a member of it. */
async function joinFirst(db: Database, { id: userId }: UserRow, nowMs: number): Promise<Alongside> {
  const { organizationId } = await defaultTenant(db);
  if ((await findMember(db, organizationId, userId)) !== undefined) return [];
  return insertMember(db, { organizationId, userId, role: "owner", createdAtMs: nowMs });
}

/** The statements that make the user, and an owner of the first organization; setup links end. */
export async function insertOperator(db: Database, user: UserRow): Promise<Alongside> {
  return [
    ...deleteSetupLinks(db),
    ...insertUser(db, user),
    ...(await joinFirst(db, user, user.createdAtMs)),
  ];
}
