import { and, asc, count, eq, gt } from "drizzle-orm";
import type { Alongside, Database } from "../db/client.ts";
import { isAfter, type Page } from "../db/page.ts";
import { links } from "../db/tables/index.ts";

export type LinkRow = typeof links.$inferSelect;

/** A link by the hash of its token, if it has not expired. */
export async function findLink(
  db: Database,
  hash: string,
  nowMs: number,
): Promise<LinkRow | undefined> {
  const rows = await db.lookup
    .select()
    .from(links)
    .where(and(eq(links.hash, hash), gt(links.expiresAtMs, nowMs)));
  return rows[0];
}

/** A page of an organization's invitations that can still be used, the oldest first. */
export function listInvitations(
  db: Database,
  { organizationId, nowMs }: { organizationId: string; nowMs: number },
  page: Page,
): Promise<LinkRow[]> {
  return db.read
    .select()
    .from(links)
    .where(and(isInvitationOf(organizationId, nowMs), isAfter(page, links.createdAtMs, links.id)))
    .orderBy(asc(links.createdAtMs), asc(links.id))
    .limit(page.limit + 1);
}

/** How many invitations of an organization can still be used. */
export async function countInvitations(
  db: Database,
  organizationId: string,
  nowMs: number,
): Promise<number> {
  const rows = await db.lookup
    .select({ invitations: count() })
    .from(links)
    .where(isInvitationOf(organizationId, nowMs));
  return rows[0]?.invitations ?? 0;
}

/** An invitation of the organization; undefined for a missing, a used and a foreign one. */
export async function findInvitation(
  db: Database,
  organizationId: string,
  linkId: string,
): Promise<LinkRow | undefined> {
  const rows = await db.lookup
    .select()
    .from(links)
    .where(
      and(
        eq(links.id, linkId),
        eq(links.organizationId, organizationId),
        eq(links.purpose, "invitation"),
      ),
    );
  return rows[0];
}

/** The statement that makes a link. */
export function insertLink(db: Database, link: LinkRow): Alongside {
  return [db.write.insert(links).values(link)];
}

/** The statement that ends a link, because it was used or withdrawn. */
export function deleteLink(db: Database, linkId: string): Alongside {
  return [db.write.delete(links).where(eq(links.id, linkId))];
}

/** The statement that ends an earlier invitation of the same person. */
export function deleteInvitationsOf(
  db: Database,
  { organizationId, email }: { organizationId: string; email: string },
): Alongside {
  return [
    db.write
      .delete(links)
      .where(
        and(
          eq(links.organizationId, organizationId),
          eq(links.email, email),
          eq(links.purpose, "invitation"),
        ),
      ),
  ];
}

/** The statement that ends every link by which a user's password could be reset. */
export function deleteLinksOfUser(db: Database, userId: string): Alongside {
  return [db.write.delete(links).where(eq(links.userId, userId))];
}

/** The statement that ends every link that a user made. */
export function deleteLinksMadeBy(db: Database, userId: string): Alongside {
  return [db.write.delete(links).where(eq(links.createdBy, userId))];
}

/** The statement that ends the links to the instance's setup. */
export function deleteSetupLinks(db: Database): Alongside {
  return [db.write.delete(links).where(eq(links.purpose, "setup"))];
}

function isInvitationOf(organizationId: string, nowMs: number) {
  return and(
    eq(links.organizationId, organizationId),
    eq(links.purpose, "invitation"),
    gt(links.expiresAtMs, nowMs),
  );
}
