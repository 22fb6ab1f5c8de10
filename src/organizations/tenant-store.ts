import { and, asc, eq, ne } from "drizzle-orm";
import { notFound } from "../core/errors.ts";
import type { Database } from "../db/client.ts";
import { organizations, workspaces } from "../db/tables/index.ts";

export type OrganizationRow = typeof organizations.$inferSelect;

/** An organization by its id or its slug; undefined for a missing or deleted one. */
export async function findOrganization(
  db: Database,
  reference: string,
): Promise<OrganizationRow | undefined> {
  const rows = await db.lookup
    .select()
    .from(organizations)
    .where(
      and(
        reference.startsWith("org_")
          ? eq(organizations.id, reference)
          : eq(organizations.slug, reference),
        ne(organizations.state, "deleted"),
      ),
    );
  return rows[0];
}

/** The workspace that came with an organization, or the oldest that is left. */
export async function firstWorkspaceId(db: Database, organizationId: string): Promise<string> {
  const rows = await db.lookup
    .select({ id: workspaces.id })
    .from(workspaces)
    .where(and(eq(workspaces.organizationId, organizationId), ne(workspaces.state, "deleted")))
    .orderBy(asc(workspaces.createdAtMs), asc(workspaces.id))
    .limit(1);
  const [workspace] = rows;
  // Deleted since it was found.
  if (workspace === undefined) throw notFound("organization");
  return workspace.id;
}
