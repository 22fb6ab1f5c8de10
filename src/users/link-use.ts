import type { AuditEntry } from "../audit/audit-event.ts";
import { DomainError, invalidField } from "../core/errors.ts";
import { newId } from "../crypto/ids.ts";
import type { Alongside } from "../db/client.ts";
import type { Origin } from "../organizations/actor.ts";
import type { NewLogin } from "../sessions/log-in.ts";
import { passwordLengthMin, requireUncommon } from "../sessions/password-rules.ts";
import { personActor } from "../sessions/person-actor.ts";
import type { UseLink } from "../sessions/schemas.ts";
import { insertSession } from "../sessions/session-store.ts";
import { deleteLink, findLink, type LinkRow } from "./link-store.ts";
import type { PeopleContext } from "./people-context.ts";
import { findUser, findUserByEmail, type UserRow } from "./user-store.ts";

// What the three purposes of one-time links share.

/** Somebody's using a link. */
export interface Use {
  link: LinkRow;
  input: UseLink;
  origin: Origin;
}

/** What using a link changes, and how it is recorded. */
interface Effect {
  user: UserRow;
  change: Alongside;
  entry: Pick<AuditEntry, "action" | "organizationId">;
  after: Record<string, unknown> | null;
}

/** The effect, the end of the link and the beginning of a session: all or nothing. */
export function finish(
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

/** A user that does not exist yet, with a good password. Throws 422. */
export async function newUser(
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

/** Throws 422 for a new password that is too short or too common. */
export async function requireGoodPassword(password: string, email: string): Promise<void> {
  if (password.length < passwordLengthMin) {
    throw invalidField("password", `A new password has at least ${passwordLengthMin} characters.`);
  }
  await requireUncommon(password, { email, param: "password" });
}

/** The user whose password a link resets, or who has the address that it invites. */
export function userOf({ db }: PeopleContext, link: LinkRow): Promise<UserRow | undefined> {
  if (link.userId !== null) return findUser(db, link.userId);
  return link.email === null ? Promise.resolve(undefined) : findUserByEmail(db, link.email);
}

/** The link of a token. Throws 410 for one that is used, expired or made up. */
export async function requireLink(
  { db, clock, tokenHash }: PeopleContext,
  token: string,
): Promise<LinkRow> {
  const link = await findLink(db, tokenHash.of(token), clock.nowMs());
  if (link === undefined) throw notValid();
  return link;
}

/** The one answer for every link that cannot be used. */
export function notValid(): DomainError {
  return new DomainError(
    "link_not_valid",
    "This link was used, has expired or is not complete. Ask for a new one.",
  );
}
