import { and, asc, count, eq, isNull, ne } from "drizzle-orm";
import type { Alongside, Database } from "../db/client.ts";
import { isAfter, type Page } from "../db/page.ts";
import { hats, keys, workspaces } from "../db/tables/index.ts";
import { revokeKeysWhere } from "../keys/revoke-where-store.ts";

export type WorkspaceRow = typeof workspaces.$inferSelect;

/** Workspaces of one organization, those that are deleted aside. */
export const workspacesMax = 1_000;

/** A page of an organization's workspaces, the oldest first. */
export function listWorkspaces(
  db: Database,
  organizationId: string,
  page: Page,
): Promise<WorkspaceRow[]> {
  return db.read
    .select()
    .from(workspaces)
    .where(and(isOf(organizationId), isAfter(page, workspaces.createdAtMs, workspaces.id)))
    .orderBy(asc(workspaces.createdAtMs), asc(workspaces.id))
    .limit(page.limit + 1);
}

/** A workspace of the organization; undefined for a missing, a deleted and a foreign one. */
export async function findWorkspace(
  db: Database,
  organizationId: string,
  workspaceId: string,
): Promise<WorkspaceRow | undefined> {
  const rows = await db.lookup
    .select()
    .from(workspaces)
    .where(and(isOf(organizationId), eq(workspaces.id, workspaceId)));
  return rows[0];
}

/** How many workspaces an organization has. */
export async function countWorkspaces(db: Database, organizationId: string): Promise<number> {
  const rows = await db.lookup
    .select({ workspaces: count() })
    .from(workspaces)
    .where(isOf(organizationId));
  return rows[0]?.workspaces ?? 0;
}

/** How many keys of a workspace are not revoked. */
export async function countLiveKeys(db: Database, workspace: WorkspaceRow): Promise<number> {
  const rows = await db.read
    .select({ keys: count() })
    .from(keys)
    .where(and(eq(keys.workspaceId, workspace.id), isNull(keys.revokedAtMs)));
  return rows[0]?.keys ?? 0;
}

/** The statement that makes a workspace. */
export function insertWorkspace(db: Database, workspace: WorkspaceRow): Alongside {
  return [db.write.insert(workspaces).values(workspace)];
}

/** The statement that changes a workspace. */
export function updateWorkspace(
  db: Database,
  workspaceId: string,
  changes: Partial<WorkspaceRow>,
): Alongside {
  return [db.write.update(workspaces).set(changes).where(eq(workspaces.id, workspaceId))];
}

/** The statements that end a workspace: its keys are revoked, its hats go, its row stays as deleted. */
export function endWorkspace(
  db: Database,
  workspace: WorkspaceRow,
  by: { actorId: string; nowMs: number },
): Alongside {
  return [
    ...revokeKeysWhere(db, eq(keys.workspaceId, workspace.id), {
      ...by,
      reason: "The workspace was deleted.",
    }),
    db.write.delete(hats).where(eq(hats.workspaceId, workspace.id)),
    ...updateWorkspace(db, workspace.id, { state: "deleted" }),
  ];
}

function isOf(organizationId: string) {
  return and(eq(workspaces.organizationId, organizationId), ne(workspaces.state, "deleted"));
}
