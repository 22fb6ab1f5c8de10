import { DomainError, notFound } from "../core/errors.ts";
import type { Role } from "../core/tenancy.ts";
import type { Database } from "../db/client.ts";
import { toTimestamp } from "../http/schema-parts.ts";
import type { Actor } from "./actor.ts";
import type { ChangeContext } from "./change-context.ts";
import { requireCoversRole } from "./member-rights.ts";
import {
  countOtherOwners,
  endMembership,
  findMember,
  type MemberRow,
  updateMember,
} from "./member-store.ts";
import type { Member } from "./schemas.ts";

/**
 * Gives a member another role; sessions and user keys of the member have it with the next request.
 * Throws 403 for a role above one's own, 404, and 409 for the last owner.
 */
export async function changeMember(
  { db, audit, invalidateUser }: ChangeContext,
  { userId, role, actor }: { userId: string; role: Role; actor: Actor },
): Promise<Member> {
  const changed = await audit.record({
    actor,
    isUrgent: true,
    build: async (now) => {
      const { organizationId } = now;
      const member = await requireMember(db, organizationId, userId);
      requireCoversRole(now, member.role);
      requireCoversRole(now, role);
      if (role !== "owner") await refuseLastOwner(db, organizationId, member);
      return {
        change: updateMember(db, organizationId, userId, role),
        entry: {
          action: "member.changed",
          targetId: userId,
          organizationId,
          changes: { before: { role: member.role }, after: { role } },
        },
        result: describeMember({ ...member, role }),
      };
    },
  });
  invalidateUser(userId);
  return changed;
}

/**
 * Takes a member out of the organization, or lets one leave: the user's keys there are revoked when
 * this returns. Throws 403, 404, and 409 for the last owner.
 */
export async function removeMember(
  { db, audit, clock, invalidateUser }: ChangeContext,
  { userId, actor }: { userId: string; actor: Actor },
): Promise<void> {
  await audit.commit({
    actor,
    isUrgent: true,
    build: async (now) => {
      const { organizationId } = now;
      const member = await requireMember(db, organizationId, userId);
      if (userId !== now.userId) {
        requireCoversRole(now, "admin");
        requireCoversRole(now, member.role);
      }
      await refuseLastOwner(db, organizationId, member);
      const by = { actorId: now.id, nowMs: clock.nowMs() };
      return {
        change: endMembership(db, { organizationId, userId }, by),
        entry: {
          action: "member.removed",
          targetId: userId,
          organizationId,
          changes: { before: { email: member.email, role: member.role }, after: null },
        },
      };
    },
  });
  invalidateUser(userId);
}

async function refuseLastOwner(
  db: Database,
  organizationId: string,
  member: MemberRow,
): Promise<void> {
  if (member.role !== "owner" || (await countOtherOwners(db, organizationId, member.id)) > 0)
    return;
  throw new DomainError("conflict", "This is the last owner. Make somebody else an owner first.");
}

/** The member. Throws the same 404 for who is missing and for who belongs elsewhere. */
export async function requireMember(
  db: Database,
  organizationId: string,
  userId: string,
): Promise<MemberRow> {
  const member = await findMember(db, organizationId, userId);
  if (member === undefined) throw notFound("member");
  return member;
}

/** The member as the API shows it. */
export function describeMember(row: MemberRow): Member {
  return {
    user_id: row.id,
    email: row.email,
    name: row.name,
    state: row.state,
    role: row.role,
    created_at: toTimestamp(row.createdAtMs),
  };
}
