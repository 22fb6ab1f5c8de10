import { DomainError, notFound } from "../core/errors.ts";
import type { Actor } from "../organizations/actor.ts";
import { requireMember } from "../organizations/change-members.ts";
import { requireCoversOperator, requireCoversRole } from "../organizations/member-rights.ts";
import { listMemberships } from "../sessions/session-store.ts";
import { deleteLinksOfUser, insertLink } from "./link-store.ts";
import { newLink } from "./new-link.ts";
import type { PeopleContext } from "./people-context.ts";
import type { OneTimeLink } from "./schemas.ts";
import { findUser } from "./user-store.ts";

interface Offer {
  userId: string;
  actor: Actor;
  baseUrl: string;
}

/**
 * A link by which a member chooses a new password, made by an admin of the organization. Throws 404,
 * and 403 for somebody of a higher role, an operator, or a member of another organization too: whoever
 * holds the link becomes that user.
 */
export function offerMemberReset(context: PeopleContext, offer: Offer): Promise<OneTimeLink> {
  const { db } = context;
  return offerReset(context, offer, async (now) => {
    const member = await requireMember(db, now.organizationId, offer.userId);
    requireCoversRole(now, member.role);
    if (member.isOperator) requireCoversOperator(now);
    const memberships = await listMemberships(db, member.id);
    if (now.instanceWide) return null;
    if (!member.isOperator && memberships.length === 1) return now.organizationId;
    throw new DomainError(
      "insufficient_role",
      "This user is more than a member of this organization: only an operator may do this.",
    );
  });
}

/** The same by an operator, for any user. Throws 404. */
export function offerUserReset(context: PeopleContext, offer: Offer): Promise<OneTimeLink> {
  return offerReset(context, offer, async (now) => {
    const user = await findUser(context.db, offer.userId);
    if (user?.isOperator) requireCoversOperator(now);
    return null;
  });
}

async function offerReset(
  { db, audit, clock, tokenHash, linkWebhook }: PeopleContext,
  { userId, actor, baseUrl }: Offer,
  /** Throws unless the actor may; returns the organization in whose name. */
  organizationOf: (now: Actor) => Promise<string | null>,
): Promise<OneTimeLink> {
  const { link, email } = await audit.record({
    actor,
    build: async (now) => {
      const organizationId = await organizationOf(now);
      const user = await findUser(db, userId);
      if (user === undefined) throw notFound("user");
      const { row, link } = newLink(
        { purpose: "password_reset", userId, organizationId, createdBy: now.id },
        { tokenHash, nowMs: clock.nowMs(), baseUrl },
      );
      return {
        change: [...deleteLinksOfUser(db, userId), ...insertLink(db, row)],
        entry: {
          action: "user.password_reset_offered",
          targetId: userId,
          organizationId,
          changes: { before: null, after: { link_id: row.id } },
        },
        result: { link, email: user.email },
      };
    },
  });
  linkWebhook.send({ purpose: "password_reset", email, organization: null, link });
  return link;
}
