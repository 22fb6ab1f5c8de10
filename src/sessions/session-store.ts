import { and, asc, desc, eq, gt, ne, sql } from "drizzle-orm";
import type { Alongside, Database } from "../db/client.ts";
import { members, organizations, sessions, users } from "../db/tables/index.ts";

export type SessionRow = typeof sessions.$inferSelect;
export type UserRow = typeof users.$inferSelect;

export interface Membership {
  organizationId: string;
  slug: string;
  name: string;
  state: (typeof organizations.$inferSelect)["state"];
  role: (typeof members.$inferSelect)["role"];
}

/** Sessions of one user; a further one ends the one that was used longest ago. */
export const sessionsMax = 50;

/** A session with its user; undefined when there is none with this hash. */
export async function findSession(
  db: Database,
  hash: string,
): Promise<{ session: SessionRow; user: UserRow } | undefined> {
  const rows = await db.lookup
    .select({ session: sessions, user: users })
    .from(sessions)
    .innerJoin(users, eq(users.id, sessions.userId))
    .where(eq(sessions.hash, hash));
  return rows[0];
}

/** What a user belongs to, the oldest membership first; what is deleted is not there. */
export function listMemberships(db: Database, userId: string): Promise<Membership[]> {
  return db.lookup
    .select({
      organizationId: organizations.id,
      slug: organizations.slug,
      name: organizations.name,
      state: organizations.state,
      role: members.role,
    })
    .from(members)
    .innerJoin(organizations, eq(organizations.id, members.organizationId))
    .where(and(eq(members.userId, userId), ne(organizations.state, "deleted")))
    .orderBy(asc(members.createdAtMs), asc(organizations.id));
}

/** A user's sessions that have not expired, the latest used first. */
export function listSessions(
  db: Database,
  userId: string,
  alive: { nowMs: number; idleSinceMs: number },
): Promise<SessionRow[]> {
  return db.read
    .select()
    .from(sessions)
    .where(
      and(
        eq(sessions.userId, userId),
        gt(sessions.expiresAtMs, alive.nowMs),
        gt(sessions.lastUsedAtMs, alive.idleSinceMs),
      ),
    )
    .orderBy(desc(sessions.lastUsedAtMs), asc(sessions.id))
    .limit(sessionsMax);
}

/** The statements that begin a session and end those past the bound. */
export function insertSession(db: Database, session: SessionRow): Alongside {
  const kept = db.write
    .select({ id: sessions.id })
    .from(sessions)
    .where(eq(sessions.userId, session.userId))
    .orderBy(desc(sessions.lastUsedAtMs), desc(sessions.id))
    .limit(sessionsMax - 1);
  return [
    db.write
      .delete(sessions)
      .where(and(eq(sessions.userId, session.userId), sql`${sessions.id} NOT IN ${kept}`)),
    db.write.insert(sessions).values(session),
  ];
}

/** The statement that ends one session of a user. */
export function deleteSession(db: Database, userId: string, sessionId: string): Alongside {
  return [
    db.write.delete(sessions).where(and(eq(sessions.userId, userId), eq(sessions.id, sessionId))),
  ];
}

/** The statement that ends a user's sessions, all or all but one. */
export function deleteSessions(db: Database, userId: string, exceptId?: string): Alongside {
  return [
    db.write
      .delete(sessions)
      .where(
        and(
          eq(sessions.userId, userId),
          exceptId === undefined ? undefined : ne(sessions.id, exceptId),
        ),
      ),
  ];
}

/** Notes that a session was used. */
export async function touchSession(db: Database, sessionId: string, nowMs: number): Promise<void> {
  await db.write.update(sessions).set({ lastUsedAtMs: nowMs }).where(eq(sessions.id, sessionId));
}
