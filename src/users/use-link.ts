import { toTimestamp } from "../http/schema-parts.ts";
import type { Origin } from "../organizations/actor.ts";
import { findOrganization } from "../organizations/tenant-store.ts";
import type { NewLogin } from "../sessions/log-in.ts";
import type { Link, UseLink } from "../sessions/schemas.ts";
import { acceptInvitation } from "./accept-invitation.ts";
import { notValid, requireLink, userOf } from "./link-use.ts";
import type { PeopleContext } from "./people-context.ts";
import { resetPassword } from "./reset-password.ts";
import { setUpByLink } from "./set-up-by-link.ts";
import { countOperators } from "./user-store.ts";

/** What a link that somebody has opened is for. Throws 410 for one that is used, expired or made up. */
export async function showLink(context: PeopleContext, token: string): Promise<Link> {
  const { db } = context;
  const link = await requireLink(context, token);
  const { organizationId, purpose } = link;
  if (purpose === "setup" && (await countOperators(db)) > 0) throw notValid();
  const user = await userOf(context, link);
  const organization =
    purpose === "invitation" && organizationId !== null
      ? await findOrganization(db, organizationId)
      : undefined;
  return {
    purpose,
    email: link.email ?? user?.email ?? null,
    organization: organization?.name ?? null,
    role: link.role,
    user_exists: purpose === "invitation" && user !== undefined,
    expires_at: toTimestamp(link.expiresAtMs),
  };
}

/**
 * Uses a link, once: makes the first operator, lets an invited person in or sets a new password. Who
 * used it is logged in. Throws 410 for a link that cannot be used, 401 for a wrong password of a user
 * who is there already, 422 for a new one that is too short or too common.
 */
export async function useLink(
  context: PeopleContext,
  { input, origin }: { input: UseLink; origin: Origin },
): Promise<NewLogin> {
  const link = await requireLink(context, input.token);
  const use = { link, input, origin };
  switch (link.purpose) {
    case "setup":
      return setUpByLink(context, use);
    case "invitation":
      return acceptInvitation(context, use);
    case "password_reset":
      return resetPassword(context, use);
  }
}
