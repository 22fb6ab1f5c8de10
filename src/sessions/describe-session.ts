import { toTimestamp } from "../http/schema-parts.ts";
import { describeUser } from "../users/describe-user.ts";
import type { LoggedInAnswer } from "./schemas.ts";
import type { LoggedIn } from "./session-gate.ts";
import type { Membership, SessionRow } from "./session-store.ts";

/** A session as the API shows it; `currentId` is that of the call. */
export function describeSession(row: SessionRow, currentId: string): LoggedInAnswer["session"] {
  return {
    id: row.id,
    created_at: toTimestamp(row.createdAtMs),
    last_used_at: toTimestamp(row.lastUsedAtMs),
    expires_at: toTimestamp(row.expiresAtMs),
    address: row.address,
    user_agent: row.userAgent,
    current: row.id === currentId,
  };
}

/** Who is logged in, and where that user belongs. */
export function describeLogin(
  { user, session }: LoggedIn,
  memberships: readonly Membership[],
): LoggedInAnswer {
  return {
    user: describeUser(user),
    memberships: memberships.map(({ organizationId, slug, name, state, role }) => ({
      organization_id: organizationId,
      slug,
      name,
      state: state === "active" ? "active" : "suspended",
      role,
    })),
    session: describeSession(session, session.id),
  };
}
