import { dayMs, hourMs } from "../core/clock.ts";
import type { LinkPurpose } from "../core/tenancy.ts";
import { newId } from "../crypto/ids.ts";
import type { KeyedHash } from "../crypto/keyed-hash.ts";
import { newToken } from "../crypto/token.ts";
import { toTimestamp } from "../http/schema-parts.ts";
import type { LinkRow } from "./link-store.ts";
import type { OneTimeLink } from "./schemas.ts";

/** How long a link can be used. */
const lifeMs: Record<LinkPurpose, number> = {
  setup: dayMs,
  invitation: 7 * dayMs,
  password_reset: 24 * hourMs,
};

/** Where the page is that uses links. The token goes behind its `#`, which browsers do not send. */
export const linkPath = "/link";

/** What a link is about; what a purpose does not need is null. */
export type LinkFields = Pick<LinkRow, "purpose" | "createdBy"> &
  Partial<Pick<LinkRow, "email" | "role" | "userId" | "organizationId">>;

/** A new link: its row, which holds no token, and what is handed out once. */
export function newLink(
  fields: LinkFields,
  { tokenHash, nowMs, baseUrl }: { tokenHash: KeyedHash; nowMs: number; baseUrl: string },
): { row: LinkRow; link: OneTimeLink } {
  const token = newToken();
  const id = newId("link", nowMs);
  const expiresAtMs = nowMs + lifeMs[fields.purpose];
  const row = {
    email: null,
    role: null,
    userId: null,
    organizationId: null,
    ...fields,
    id,
    hash: tokenHash.of(token),
    createdAtMs: nowMs,
    expiresAtMs,
  };
  const url = `${baseUrl}${linkPath}#${token}`;
  return { row, link: { id, url, token, expires_at: toTimestamp(expiresAtMs) } };
}
