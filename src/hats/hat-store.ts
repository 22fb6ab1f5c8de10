import { and, asc, count, eq, gt, inArray, isNull, like, ne, or, sql } from "drizzle-orm";
import type { Alongside, Database } from "../db/client.ts";
import { isAfter, type Page } from "../db/page.ts";
import { hats, hatWearers, keys, teamMembers } from "../db/tables/index.ts";

export type HatRow = typeof hats.$inferSelect;

/** Hats of one workspace. */
export const hatsMax = 100;
/** Patterns of all hats of one workspace: a key that is read first has to be held against them. */
export const skillsOfWorkspaceMax = 2_000;

/** A page of an organization's hats, the oldest first. */
export function listHats(
  db: Database,
  of: { organizationId: string; workspaceId: string | undefined },
  page: Page,
): Promise<HatRow[]> {
  return db.read
    .select()
    .from(hats)
    .where(
      and(
        eq(hats.organizationId, of.organizationId),
        of.workspaceId === undefined ? undefined : eq(hats.workspaceId, of.workspaceId),
        isAfter(page, hats.createdAtMs, hats.id),
      ),
    )
    .orderBy(asc(hats.createdAtMs), asc(hats.id))
    .limit(page.limit + 1);
}

/** A hat of the organization; undefined for a missing and for a foreign one. */
export async function findHat(
  db: Database,
  organizationId: string,
  hatId: string,
): Promise<HatRow | undefined> {
  const rows = await db.lookup
    .select()
    .from(hats)
    .where(and(eq(hats.id, hatId), eq(hats.organizationId, organizationId)));
  return rows[0];
}

/** Those of the hats that exist. */
export function findHats(db: Database, ids: readonly string[]): Promise<HatRow[]> {
  return db.lookup
    .select()
    .from(hats)
    .where(inArray(hats.id, [...ids]));
}

/** The ids of the hats that a user wears, alone or with a team. */
export async function wornByUser(db: Database, userId: string): Promise<string[]> {
  const teamsOfUser = db.lookup
    .select({ id: teamMembers.teamId })
    .from(teamMembers)
    .where(eq(teamMembers.userId, userId));
  const rows = await db.lookup
    .selectDistinct({ id: hatWearers.hatId })
    .from(hatWearers)
    .where(or(eq(hatWearers.wearerId, userId), inArray(hatWearers.wearerId, teamsOfUser)));
  return rows.map(({ id }) => id);
}

/** How many hats and patterns a workspace has, one hat of it aside. */
export async function countHats(
  db: Database,
  workspaceId: string,
  exceptId = "",
): Promise<{ hats: number; skills: number }> {
  const rows = await db.lookup
    .select({
      hats: count(),
      skills: sql<number>`coalesce(sum(json_array_length(${hats.skills})), 0)`,
    })
    .from(hats)
    .where(and(eq(hats.workspaceId, workspaceId), ne(hats.id, exceptId)));
  return rows[0] ?? { hats: 0, skills: 0 };
}

/** A page of who wears a hat, by id. */
export async function listWearers(
  db: Database,
  hatId: string,
  page: { limit: number; afterId: string | undefined },
): Promise<string[]> {
  const rows = await db.read
    .select({ id: hatWearers.wearerId })
    .from(hatWearers)
    .where(
      and(
        eq(hatWearers.hatId, hatId),
        page.afterId === undefined ? undefined : gt(hatWearers.wearerId, page.afterId),
      ),
    )
    .orderBy(asc(hatWearers.wearerId))
    .limit(page.limit + 1);
  return rows.map(({ id }) => id);
}

/** Whether the wearer has the hat on. */
export async function isWorn(db: Database, hatId: string, wearerId: string): Promise<boolean> {
  const rows = await db.lookup
    .select({ id: hatWearers.wearerId })
    .from(hatWearers)
    .where(and(eq(hatWearers.hatId, hatId), eq(hatWearers.wearerId, wearerId)));
  return rows.length > 0;
}

/** A key that is not revoked and wears the hat; undefined when there is none. */
export async function findWearingKey(db: Database, hatId: string): Promise<string | undefined> {
  const rows = await db.lookup
    .select({ id: keys.id })
    .from(hatWearers)
    .innerJoin(keys, eq(keys.id, hatWearers.wearerId))
    .where(
      and(
        eq(hatWearers.hatId, hatId),
        like(hatWearers.wearerId, "key_%"),
        isNull(keys.revokedAtMs),
      ),
    )
    .limit(1);
  return rows[0]?.id;
}

/** The statement that makes a hat. */
export function insertHat(db: Database, hat: HatRow): Alongside {
  return [db.write.insert(hats).values(hat)];
}

/** The statement that changes a hat. */
export function updateHat(db: Database, hatId: string, changes: Partial<HatRow>): Alongside {
  return [db.write.update(hats).set(changes).where(eq(hats.id, hatId))];
}

/** The statement that deletes a hat; whoever wears it wears it no longer. */
export function deleteHatRow(db: Database, hatId: string): Alongside {
  return [db.write.delete(hats).where(eq(hats.id, hatId))];
}

/** The statement that puts a hat on somebody. */
export function insertWearer(db: Database, hatId: string, wearerId: string): Alongside {
  return [db.write.insert(hatWearers).values({ hatId, wearerId })];
}

/** The statement that takes it off. */
export function deleteWearer(db: Database, hatId: string, wearerId: string): Alongside {
  return [
    db.write
      .delete(hatWearers)
      .where(and(eq(hatWearers.hatId, hatId), eq(hatWearers.wearerId, wearerId))),
  ];
}
