import { and, asc, count, eq } from "drizzle-orm";
import type { Alongside, Database } from "../db/client.ts";
import { isAfter, type Page } from "../db/page.ts";
import { teamMembers, teams, users } from "../db/tables/index.ts";

export type TeamRow = typeof teams.$inferSelect;

/** Teams of one organization. */
export const teamsMax = 1_000;

/** Somebody in a team; `id` is the user's. */
export interface TeamMemberRow {
  id: string;
  email: string;
  name: string;
  createdAtMs: number;
}

/** A page of an organization's teams, the oldest first. */
export function listTeams(db: Database, organizationId: string, page: Page): Promise<TeamRow[]> {
  return db.read
    .select()
    .from(teams)
    .where(
      and(eq(teams.organizationId, organizationId), isAfter(page, teams.createdAtMs, teams.id)),
    )
    .orderBy(asc(teams.createdAtMs), asc(teams.id))
    .limit(page.limit + 1);
}

/** A team of the organization; undefined for a missing and for a foreign one. */
export async function findTeam(
  db: Database,
  organizationId: string,
  teamId: string,
): Promise<TeamRow | undefined> {
  const rows = await db.lookup
    .select()
    .from(teams)
    .where(and(eq(teams.id, teamId), eq(teams.organizationId, organizationId)));
  return rows[0];
}

/** How many teams an organization has. */
export async function countTeams(db: Database, organizationId: string): Promise<number> {
  const rows = await db.lookup
    .select({ teams: count() })
    .from(teams)
    .where(eq(teams.organizationId, organizationId));
  return rows[0]?.teams ?? 0;
}

/** A page of who is in a team, the oldest members first. */
export function listTeamMembers(
  db: Database,
  teamId: string,
  page: Page,
): Promise<TeamMemberRow[]> {
  return db.read
    .select({
      id: users.id,
      email: users.email,
      name: users.name,
      createdAtMs: teamMembers.createdAtMs,
    })
    .from(teamMembers)
    .innerJoin(users, eq(users.id, teamMembers.userId))
    .where(and(eq(teamMembers.teamId, teamId), isAfter(page, teamMembers.createdAtMs, users.id)))
    .orderBy(asc(teamMembers.createdAtMs), asc(users.id))
    .limit(page.limit + 1);
}

/** Whether the user is in the team. */
export async function isInTeam(db: Database, teamId: string, userId: string): Promise<boolean> {
  const rows = await db.lookup
    .select({ id: teamMembers.userId })
    .from(teamMembers)
    .where(and(eq(teamMembers.teamId, teamId), eq(teamMembers.userId, userId)));
  return rows.length > 0;
}

/** The statement that makes a team. */
export function insertTeam(db: Database, team: TeamRow): Alongside {
  return [db.write.insert(teams).values(team)];
}

/** The statement that changes a team. */
export function updateTeam(db: Database, teamId: string, changes: Partial<TeamRow>): Alongside {
  return [db.write.update(teams).set(changes).where(eq(teams.id, teamId))];
}

/** The statement that deletes a team; nobody is in it any longer, and it wears no hats. */
export function deleteTeamRow(db: Database, teamId: string): Alongside {
  return [db.write.delete(teams).where(eq(teams.id, teamId))];
}

/** The statement that puts a user into a team. */
export function insertTeamMember(
  db: Database,
  row: { teamId: string; userId: string; createdAtMs: number },
): Alongside {
  return [db.write.insert(teamMembers).values(row)];
}

/** The statement that takes a user out of a team. */
export function deleteTeamMember(db: Database, teamId: string, userId: string): Alongside {
  return [
    db.write
      .delete(teamMembers)
      .where(and(eq(teamMembers.teamId, teamId), eq(teamMembers.userId, userId))),
  ];
}
