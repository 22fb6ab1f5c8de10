import { DomainError, notFound } from "../core/errors.ts";
import type { Alongside } from "../db/client.ts";
import { toTimestamp } from "../http/schema-parts.ts";
import {
  countInvitations,
  deleteInvitationsOf,
  deleteLink,
  findInvitation,
  insertLink,
  type LinkRow,
} from "../users/link-store.ts";
import { newLink } from "../users/new-link.ts";
import type { PeopleContext } from "../users/people-context.ts";
import { findUserByEmail } from "../users/user-store.ts";
import type { Actor } from "./actor.ts";
import { requireCoversRole } from "./member-rights.ts";
import { findMember } from "./member-store.ts";
import type { CreateInvitation, Invitation, InvitationWithLink } from "./schemas.ts";
import { findOrganization } from "./tenant-store.ts";

/** Invitations of one organization that wait to be used. */
export const invitationsMax = 1_000;

/**
 * Invites somebody by a link that works once. A second invitation of the same person ends the first.
 * Throws 403 for a role above one's own, 409 for a member.
 */
export async function invite(
  { db, audit, clock, tokenHash, linkWebhook }: PeopleContext,
  making: {
    input: CreateInvitation;
    actor: Actor;
    baseUrl: string;
    alongside: (created: InvitationWithLink) => Alongside;
  },
): Promise<InvitationWithLink> {
  const { input, actor, baseUrl, alongside } = making;
  const email = input.email.toLowerCase();
  const { created, organization } = await audit.record({
    actor,
    build: async (now) => {
      const { organizationId } = now;
      const organization = await findOrganization(db, organizationId);
      requireCoversRole(now, input.role);
      const user = await findUserByEmail(db, email);
      const member = user && (await findMember(db, organizationId, user.id));
      if (member !== undefined) {
        throw new DomainError("conflict", "This user is a member already.", { param: "email" });
      }
      const nowMs = clock.nowMs();
      if ((await countInvitations(db, organizationId, nowMs)) >= invitationsMax) {
        throw new DomainError("conflict", `At most ${invitationsMax} invitations can wait.`);
      }
      const fields = { purpose: "invitation", email, role: input.role } as const;
      const { row, link } = newLink(
        { ...fields, organizationId, createdBy: now.id },
        { tokenHash, nowMs, baseUrl },
      );
      const invitation = describeInvitation(row);
      const created = { ...invitation, ...link };
      return {
        change: [...deleteInvitationsOf(db, { organizationId, email }), ...insertLink(db, row)],
        entry: {
          action: "invitation.created",
          targetId: row.id,
          organizationId,
          changes: { before: null, after: invitation },
        },
        alongside: alongside(created),
        result: { created, organization: organization?.name ?? null },
      };
    },
  });
  linkWebhook.send({ purpose: "invitation", email, organization, link: created });
  return created;
}

/** Withdraws an invitation: its link is dead when this returns. Throws 404. */
export async function withdrawInvitation(
  { db, audit }: PeopleContext,
  { invitationId, actor }: { invitationId: string; actor: Actor },
): Promise<void> {
  await audit.commit({
    actor,
    build: async ({ organizationId }) => {
      const row = await findInvitation(db, organizationId, invitationId);
      if (row === undefined) throw notFound("invitation");
      return {
        change: deleteLink(db, invitationId),
        entry: {
          action: "invitation.withdrawn",
          targetId: invitationId,
          organizationId,
          changes: { before: describeInvitation(row), after: null },
        },
      };
    },
  });
}

/** The invitation as the API shows it, without its token. */
export function describeInvitation(row: LinkRow): Invitation {
  return {
    id: row.id,
    // An invitation has both: see `invite`.
    email: row.email ?? "",
    role: row.role ?? "viewer",
    created_by: row.createdBy,
    created_at: toTimestamp(row.createdAtMs),
    expires_at: toTimestamp(row.expiresAtMs),
  };
}
