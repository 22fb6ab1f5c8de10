import type { AuditAction } from "../audit/audit-event.ts";
import { notFound } from "../core/errors.ts";
import type { Actor } from "../organizations/actor.ts";
import type { ChangeContext } from "../organizations/change-context.ts";
import { findMember } from "../organizations/member-store.ts";
import { requireTeam } from "./change-teams.ts";
import { deleteTeamMember, insertTeamMember, isInTeam } from "./team-store.ts";

interface Joining {
  teamId: string;
  userId: string;
  actor: Actor;
}

/** Puts a member of the organization into a team; twice is once. Throws 404. */
export async function joinTeam(context: ChangeContext, joining: Joining): Promise<void> {
  await changeMember(context, joining, "team.member_added");
}

/** Takes a user out of a team; who is not in it is out. Throws 404. */
export async function leaveTeam(context: ChangeContext, joining: Joining): Promise<void> {
  await changeMember(context, joining, "team.member_removed");
}

async function changeMember(
  { db, audit, clock, invalidateUser }: ChangeContext,
  { teamId, userId, actor }: Joining,
  action: AuditAction & ("team.member_added" | "team.member_removed"),
): Promise<void> {
  await audit.commit({
    actor,
    build: async ({ organizationId }) => {
      await requireTeam(db, organizationId, teamId);
      if ((await findMember(db, organizationId, userId)) === undefined) throw notFound("member");
      const isIn = await isInTeam(db, teamId, userId);
      const member = { user_id: userId };
      const entry = { action, targetId: teamId, organizationId };
      if (action === "team.member_added") {
        const row = { teamId, userId, createdAtMs: clock.nowMs() };
        const change = isIn ? [] : insertTeamMember(db, row);
        return { change, entry: { ...entry, changes: { before: null, after: member } } };
      }
      const change = isIn ? deleteTeamMember(db, teamId, userId) : [];
      return { change, entry: { ...entry, changes: { before: member, after: null } } };
    },
  });
  invalidateUser(userId);
}
