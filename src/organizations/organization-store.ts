import { and, eq } from "drizzle-orm";
import type { Database } from "../db/client.ts";
import { workspaces } from "../db/tables/index.ts";

export type WorkspaceRow = typeof workspaces.$inferSelect;

/** A workspace of the organization by id or slug; undefined for a missing or a foreign one. */
export async function findWorkspace(
  db: Database,
  organizationId: string,
  by: { id: string } | { slug: string },
): Promise<WorkspaceRow | undefined> {
  const rows = await db.lookup
    .select()
    .from(workspaces)
    .where(
      and(
        eq(workspaces.organizationId, organizationId),
        "id" in by ? eq(workspaces.id, by.id) : eq(workspaces.slug, by.slug),
      ),
    );
  return rows[0];
}
