import { notFound } from "../core/errors.ts";
import type { Alongside } from "../db/client.ts";
import type { Origin } from "../organizations/actor.ts";
import type { PeopleContext } from "../users/people-context.ts";
import { personActor } from "./person-actor.ts";
import type { LoggedIn } from "./session-gate.ts";
import { deleteSession, deleteSessions, listSessions } from "./session-store.ts";

/** Ends one of one's own sessions. Throws 404 for a missing one and for somebody else's. */
export async function endSession(
  context: PeopleContext,
  { login, sessionId, origin }: { login: LoggedIn; sessionId: string; origin: Origin },
): Promise<void> {
  const { db } = context;
  const own = await listOwnSessions(context, login);
  if (!own.some(({ id }) => id === sessionId)) throw notFound("session");
  const change = deleteSession(db, login.user.id, sessionId);
  await commitEnd(context, { login, origin, change, targetId: sessionId });
}

/** Ends one's sessions but the one of this call. */
export async function endOtherSessions(
  context: PeopleContext,
  { login, origin }: { login: LoggedIn; origin: Origin },
): Promise<void> {
  const { user, session } = login;
  const change = deleteSessions(context.db, user.id, session.id);
  await commitEnd(context, { login, origin, change, targetId: "others" });
}

/** One's sessions that have not ended, the latest used first. */
export function listOwnSessions({ db, clock, sessions }: PeopleContext, { user }: LoggedIn) {
  const nowMs = clock.nowMs();
  return listSessions(db, user.id, { nowMs, idleSinceMs: sessions.idleSinceMs(nowMs) });
}

async function commitEnd(
  { audit }: PeopleContext,
  end: { login: LoggedIn; origin: Origin; change: Alongside; targetId: string },
): Promise<void> {
  const { login, origin, change, targetId } = end;
  await audit.commit({
    actor: personActor(login.user, origin),
    build: () => ({
      change,
      entry: {
        action: "session.ended",
        targetId,
        organizationId: null,
        changes: { before: { user_id: login.user.id }, after: null },
      },
    }),
  });
}
