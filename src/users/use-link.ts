import type { AuditEntry } from "../audit/audit-event.ts";
import { DomainError, invalidField } from "../core/errors.ts";
import { newId } from "../crypto/ids.ts";
import type { Alongside } from "../db/client.ts";
import { toTimestamp } from "../http/schema-parts.ts";
import type { Origin } from "../organizations/actor.ts";
import {
  countMembers,
  findMember,
  insertMember,
  membersMax,
} from "../organizations/member-store.ts";
import { findOrganization } from "../organizations/tenant-store.ts";
import { checkPassword } from "../sessions/check-password.ts";
import type { NewLogin } from "../sessions/log-in.ts";
import { passwordLengthMin, requireUncommon } from "../sessions/password-rules.ts";
import { personActor } from "../sessions/person-actor.ts";
import type { Link, UseLink } from "../sessions/schemas.ts";
import { deleteSessions, insertSession, listMemberships } from "../sessions/session-store.ts";
import { describeUser } from "./describe-user.ts";
import { deleteLink, deleteLinksOfUser, findLink, type LinkRow } from "./link-store.ts";
import type { PeopleContext } from "./people-context.ts";
import { insertOperator } from "./set-up-operator.ts";
import {
  countOperators,
  findUser,
  findUserByEmail,
  insertUser,
  type UserRow,
  updateUser,
} from "./user-store.ts";

/** What a link that somebody has opened is for. Throws 410 for one that is used, expired or made up. */
export async function showLink(context: PeopleContext, token: string): Promise<Link> {
  const { db } = context;
  const link = await requireLink(context, token);
  const { organizationId, purpose } = link;
  const user = await userOf(context, link);
  const organization =
    purpose === "invitation" && organizationId !== null
      ? await findOrganization(db, organizationId)
      : undefined;
  return {
    purpose,
    email: link.email ?? user?.email ?? null,
    organization: organization?.name ?? null,
    role: link.role,
    user_exists: purpose === "invitation" && user !== undefined,
    expires_at: toTimestamp(link.expiresAtMs),
  };
}

interface Use {
  link: LinkRow;
  input: UseLink;
  origin: Origin;
}

/**
 * Uses a link, once: makes the first operator, lets an invited person in or sets a new password. Who
 * used it is logged in. Throws 410 for a link that cannot be used, 401 for a wrong password of a user
 * who is there already, 422 for a new one that is too short or too common.
 */
export async function useLink(
  context: PeopleContext,
  { input, origin }: { input: UseLink; origin: Origin },
): Promise<NewLogin> {
  const link = await requireLink(context, input.token);
  const use = { link, input, origin };
  switch (link.purpose) {
    case "setup":
      return setUp(context, use);
    case "invitation":
      return accept(context, use);
    case "password_reset":
      return resetPassword(context, use);
  }
}

async function setUp(context: PeopleContext, use: Use): Promise<NewLogin> {
  const { db } = context;
  const email = use.input.email?.toLowerCase();
  if (email === undefined) throw invalidField("email", "This field is required.");
  const user = await newUser(context, { email, use, isOperator: true });
  return finish(context, { ...use, userId: user.id }, async () => {
    if ((await countOperators(db)) > 0) throw notValid();
    if ((await findUserByEmail(db, email)) !== undefined) {
      throw new DomainError("conflict", "There is a user with this address.", { param: "email" });
    }
    const entry = { action: "user.created" as const, organizationId: null };
    return { user, change: await insertOperator(db, user), entry, after: describeUser(user) };
  });
}

async function accept(context: PeopleContext, use: Use): Promise<NewLogin> {
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

async function resetPassword(context: PeopleContext, use: Use): Promise<NewLogin> {
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

/** What using a link changes, and how it is recorded. */
interface Effect {
  user: UserRow;
  change: Alongside;
  entry: Pick<AuditEntry, "action" | "organizationId">;
  after: Record<string, unknown> | null;
}

/** The effect, the end of the link and the beginning of a session: all or nothing. */
function finish(
  { db, audit, clock, sessions }: PeopleContext,
  { link, userId, origin }: Use & { userId: string },
  effect: () => Promise<Effect>,
): Promise<NewLogin> {
  return audit.record({
    actor: personActor({ id: userId }, origin),
    build: async () => {
      if ((await findLink(db, link.hash, clock.nowMs())) === undefined) throw notValid();
      const { user, change, entry, after } = await effect();
      const { row: session, cookie } = sessions.create(user.id, origin);
      return {
        change: [...change, ...deleteLink(db, link.id), ...insertSession(db, session)],
        entry: { ...entry, targetId: user.id, changes: { before: null, after } },
        result: { user, session, cookie },
      };
    },
  });
}

async function newUser(
  { clock, hasher }: PeopleContext,
  { email, use, isOperator }: { email: string; use: Use; isOperator: boolean },
): Promise<UserRow> {
  const { password, name = email.slice(0, email.indexOf("@")) } = use.input;
  await requireGoodPassword(password, email);
  const nowMs = clock.nowMs();
  return {
    id: newId("user", nowMs),
    email,
    name,
    passwordHash: await hasher.hash(password),
    isOperator,
    state: "active",
    createdAtMs: nowMs,
    passwordChangedAtMs: nowMs,
  };
}

async function requireGoodPassword(password: string, email: string): Promise<void> {
  if (password.length < passwordLengthMin) {
    throw invalidField("password", `A new password has at least ${passwordLengthMin} characters.`);
  }
  await requireUncommon(password, { email, param: "password" });
}

function userOf({ db }: PeopleContext, link: LinkRow): Promise<UserRow | undefined> {
  if (link.userId !== null) return findUser(db, link.userId);
  return link.email === null ? Promise.resolve(undefined) : findUserByEmail(db, link.email);
}

async function requireLink(
  { db, clock, tokenHash }: PeopleContext,
  token: string,
): Promise<LinkRow> {
  const link = await findLink(db, tokenHash.of(token), clock.nowMs());
  if (link === undefined) throw notValid();
  return link;
}

function notValid(): DomainError {
  return new DomainError(
    "link_not_valid",
    "This link was used, has expired or is not complete. Ask for a new one.",
  );
}
