import { changesBetween } from "../audit/audit-event.ts";
import { DomainError, notFound } from "../core/errors.ts";
import { userSpenderId } from "../credits/ledger-store.ts";
import { describeSpend, spendLimitColumns } from "../credits/spend-limits.ts";
import { findSpends } from "../credits/spend-store.ts";
import type { Spend } from "../credits/spend-windows.ts";
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
  updateMemberLimit,
} from "./member-store.ts";
import type { ChangeMember, Member } from "./schemas.ts";

/**
 * Gives a member another role or spend limit; sessions and user keys of the member have it with the next
 * request. Throws 403 for a role above one's own, also of who is to be limited, 404, 409 for the last
 * owner, and 422 for what is no amount.
 */
export async function changeMember(
  { db, audit, clock, invalidateUser }: ChangeContext,
  { userId, input, actor }: { userId: string; input: ChangeMember; actor: Actor },
): Promise<Member> {
  const limit = spendLimitColumns(input);
  const changed = await audit.record({
    actor,
    isUrgent: true,
    build: async (now) => {
      const { organizationId } = now;
      const member = await requireMember(db, organizationId, userId);
      const { role = member.role } = input;
      requireCoversRole(now, member.role);
      requireCoversRole(now, role);
      if (role !== "owner") await refuseLastOwner(db, organizationId, member);
      const spenderId = userSpenderId(organizationId, userId);
      const spend = (await findSpends(db, [spenderId])).get(spenderId);
      const nowMs = clock.nowMs();
      const changed = describeMember({ ...member, ...limit, role }, spend, nowMs);
      return {
        change: [
          ...(Object.keys(limit).length === 0
            ? []
            : updateMemberLimit(db, { organizationId, userId }, limit)),
          ...(input.role === undefined ? [] : updateMember(db, organizationId, userId, role)),
        ],
        entry: {
          action: "member.changed",
          targetId: userId,
          organizationId,
          changes: changesBetween(describeMember(member, spend, nowMs), changed),
        },
        result: changed,
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

/** Members of an organization with what their keys there have spent. */
export async function describeMembers(
  { db, clock }: Pick<ChangeContext, "db" | "clock">,
  organizationId: string,
  rows: readonly MemberRow[],
): Promise<(row: MemberRow) => Member> {
  const idOf = ({ id }: MemberRow) => userSpenderId(organizationId, id);
  const spends = await findSpends(db, rows.map(idOf));
  return (row) => describeMember(row, spends.get(idOf(row)), clock.nowMs());
}

/** The member as the API shows it. */
function describeMember(row: MemberRow, spend: Spend | undefined, nowMs: number): Member {
  return {
    user_id: row.id,
    email: row.email,
    name: row.name,
    state: row.state,
    role: row.role,
    ...describeSpend(row, spend, nowMs),
    created_at: toTimestamp(row.createdAtMs),
  };
}
