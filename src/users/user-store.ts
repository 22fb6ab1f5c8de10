import { and, asc, count, eq } from "drizzle-orm";
import type { Alongside, Database } from "../db/client.ts";
import { isAfter, type Page } from "../db/page.ts";
import { users } from "../db/tables/index.ts";

export type UserRow = typeof users.$inferSelect;

/** A page of users, the oldest first, all or the one with an address. */
export function listUsers(
  db: Database,
  filter: { email: string | undefined },
  page: Page,
): Promise<UserRow[]> {
  return db.read
    .select()
    .from(users)
    .where(
      and(
        filter.email === undefined ? undefined : eq(users.email, filter.email),
        isAfter(page, users.createdAtMs, users.id),
      ),
    )
    .orderBy(asc(users.createdAtMs), asc(users.id))
    .limit(page.limit + 1);
}

/** A user by id; undefined when there is none. */
export async function findUser(db: Database, userId: string): Promise<UserRow | undefined> {
  const rows = await db.lookup.select().from(users).where(eq(users.id, userId));
  return rows[0];
}

/** A user by address, which is in lower case. */
export async function findUserByEmail(db: Database, email: string): Promise<UserRow | undefined> {
  const rows = await db.lookup.select().from(users).where(eq(users.email, email));
  return rows[0];
}

/** How many operators can log in. */
export async function countOperators(db: Database): Promise<number> {
  const rows = await db.lookup
    .select({ operators: count() })
    .from(users)
    .where(and(eq(users.isOperator, true), eq(users.state, "active")));
  return rows[0]?.operators ?? 0;
}

/** The statement that makes a user. */
export function insertUser(db: Database, user: UserRow): Alongside {
  return [db.write.insert(users).values(user)];
}

/** The statement that changes a user. */
export function updateUser(db: Database, userId: string, changes: Partial<UserRow>): Alongside {
  return [db.write.update(users).set(changes).where(eq(users.id, userId))];
}

/** Puts a hash with newer parameters in the place of one that was just verified. */
export async function replacePasswordHash(
  db: Database,
  userId: string,
  { from, to }: { from: string; to: string },
): Promise<void> {
  await db.write
    .update(users)
    .set({ passwordHash: to })
    .where(and(eq(users.id, userId), eq(users.passwordHash, from)));
}
