import { and, asc, count, eq, inArray, ne } from "drizzle-orm";
import type { Role } from "../core/tenancy.ts";
import type { SpendLimit } from "../credits/spend-limits.ts";
import type { Alongside, Database } from "../db/client.ts";
import { isAfter, type Page } from "../db/page.ts";
import {
  hats,
  hatWearers,
  keys,
  links,
  members,
  teamMembers,
  teams,
  users,
} from "../db/tables/index.ts";
import { revokeKeysWhere } from "../keys/revoke-where-store.ts";

/** Members of one organization. */
export const membersMax = 10_000;

/** A member with the fields of the user; `id` is the user's. */
export interface MemberRow extends SpendLimit {
  id: string;
  email: string;
  name: string;
  state: (typeof users.$inferSelect)["state"];
  isOperator: boolean;
  role: Role;
  createdAtMs: number;
}

const columns = {
  id: users.id,
  email: users.email,
  name: users.name,
  state: users.state,
  isOperator: users.isOperator,
  role: members.role,
  createdAtMs: members.createdAtMs,
  spendLimitMicros: members.spendLimitMicros,
  spendReset: members.spendReset,
};

/** A page of an organization's members, the oldest first. */
export function listMembers(
  db: Database,
  organizationId: string,
  page: Page,
): Promise<MemberRow[]> {
  return db.read
    .select(columns)
    .from(members)
    .innerJoin(users, eq(users.id, members.userId))
    .where(
      and(
        eq(members.organizationId, organizationId),
        isAfter(page, members.createdAtMs, members.userId),
      ),
    )
    .orderBy(asc(members.createdAtMs), asc(members.userId))
    .limit(page.limit + 1);
}

/** A member of the organization; undefined for everybody else. */
export async function findMember(
  db: Database,
  organizationId: string,
  userId: string,
): Promise<MemberRow | undefined> {
  const rows = await db.lookup
    .select(columns)
    .from(members)
    .innerJoin(users, eq(users.id, members.userId))
    .where(isMember(organizationId, userId));
  return rows[0];
}

/** How many members an organization has. */
export async function countMembers(db: Database, organizationId: string): Promise<number> {
  const rows = await db.lookup
    .select({ members: count() })
    .from(members)
    .where(eq(members.organizationId, organizationId));
  return rows[0]?.members ?? 0;
}

/** The statement that makes a user a member. */
export function insertMember(
  db: Database,
  member: { organizationId: string; userId: string; role: Role; createdAtMs: number },
): Alongside {
  return [db.write.insert(members).values(member)];
}

/** How many owners who can log in an organization has besides one. */
export async function countOtherOwners(
  db: Database,
  organizationId: string,
  userId: string,
): Promise<number> {
  const rows = await db.lookup
    .select({ owners: count() })
    .from(members)
    .innerJoin(users, eq(users.id, members.userId))
    .where(
      and(
        eq(members.organizationId, organizationId),
        eq(members.role, "owner"),
        eq(users.state, "active"),
        ne(members.userId, userId),
      ),
    );
  return rows[0]?.owners ?? 0;
}

/** The statement that changes a member's spend limit. */
export function updateMemberLimit(
  db: Database,
  { organizationId, userId }: { organizationId: string; userId: string },
  limit: Partial<SpendLimit>,
): Alongside {
  return [db.write.update(members).set(limit).where(isMember(organizationId, userId))];
}

/** The statements that change a member's role; links that the member made end. */
export function updateMember(
  db: Database,
  organizationId: string,
  userId: string,
  role: Role,
): Alongside {
  return [
    deleteLinksBy(db, organizationId, userId),
    // An admin's link to a new password of who is above that admin from now on.
    db.write
      .delete(links)
      .where(and(eq(links.userId, userId), eq(links.organizationId, organizationId))),
    db.write.update(members).set({ role }).where(isMember(organizationId, userId)),
  ];
}

/** Who may no longer invite leaves no invitations behind to come back by. */
function deleteLinksBy(db: Database, organizationId: string, userId: string) {
  return db.write
    .delete(links)
    .where(and(eq(links.createdBy, userId), eq(links.organizationId, organizationId)));
}

/**
 * The statements by which a member leaves: the user's keys of the organization are revoked, and what
 * the user wore or was in there is over.
 */
export function endMembership(
  db: Database,
  { organizationId, userId }: { organizationId: string; userId: string },
  by: { actorId: string; nowMs: number },
): Alongside {
  const ownTeams = db.write
    .select({ id: teams.id })
    .from(teams)
    .where(eq(teams.organizationId, organizationId));
  const ownHats = db.write
    .select({ id: hats.id })
    .from(hats)
    .where(eq(hats.organizationId, organizationId));
  return [
    ...revokeKeysWhere(db, and(eq(keys.userId, userId), eq(keys.organizationId, organizationId)), {
      ...by,
      reason: "Its user left the organization.",
    }),
    db.write
      .delete(teamMembers)
      .where(and(eq(teamMembers.userId, userId), inArray(teamMembers.teamId, ownTeams))),
    db.write
      .delete(hatWearers)
      .where(and(eq(hatWearers.wearerId, userId), inArray(hatWearers.hatId, ownHats))),
    db.write
      .delete(links)
      .where(and(eq(links.userId, userId), eq(links.organizationId, organizationId))),
    deleteLinksBy(db, organizationId, userId),
    db.write.delete(members).where(isMember(organizationId, userId)),
  ];
}

function isMember(organizationId: string, userId: string) {
  return and(eq(members.organizationId, organizationId), eq(members.userId, userId));
}
