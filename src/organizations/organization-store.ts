import { and, asc, count, eq, exists, ne } from "drizzle-orm";
import type { Alongside, Database } from "../db/client.ts";
import { isAfter, type Page } from "../db/page.ts";
import {
  hats,
  keys,
  links,
  members,
  organizations,
  teams,
  workspaces,
} from "../db/tables/index.ts";
import { revokeKeysWhere } from "../keys/revoke-where-store.ts";
import { endRecharges } from "../recharges/recharge-store.ts";
import { endWebhooks } from "../webhooks/webhook-store.ts";
import type { OrganizationRow } from "./tenant-store.ts";

export type { OrganizationRow } from "./tenant-store.ts";

/** Whose organizations: all, those of a user, or one. */
export type Whose = "everybody" | { userId: string } | { organizationId: string };

/** A page of organizations, the oldest first. */
export function listOrganizations(
  db: Database,
  whose: Whose,
  page: Page,
): Promise<OrganizationRow[]> {
  return db.read
    .select()
    .from(organizations)
    .where(
      and(
        ne(organizations.state, "deleted"),
        belongsTo(db, whose),
        isAfter(page, organizations.createdAtMs, organizations.id),
      ),
    )
    .orderBy(asc(organizations.createdAtMs), asc(organizations.id))
    .limit(page.limit + 1);
}

function belongsTo(db: Database, whose: Whose) {
  if (whose === "everybody") return undefined;
  if ("organizationId" in whose) return eq(organizations.id, whose.organizationId);
  const membership = db.read
    .select({ userId: members.userId })
    .from(members)
    .where(and(eq(members.organizationId, organizations.id), eq(members.userId, whose.userId)));
  return exists(membership);
}

/** How many organizations there are. */
export async function countOrganizations(db: Database): Promise<number> {
  const rows = await db.lookup
    .select({ organizations: count() })
    .from(organizations)
    .where(ne(organizations.state, "deleted"));
  return rows[0]?.organizations ?? 0;
}

/** The statements that make an organization with its first workspace. */
export function insertOrganization(
  db: Database,
  organization: OrganizationRow,
  workspaceId: string,
): Alongside {
  const { id: organizationId, createdAtMs } = organization;
  const workspace = { id: workspaceId, organizationId, slug: "default", name: "Default" };
  return [
    db.write.insert(organizations).values(organization),
    db.write.insert(workspaces).values({ ...workspace, createdAtMs }),
  ];
}

/** The statement that changes an organization. */
export function updateOrganization(
  db: Database,
  organizationId: string,
  changes: Partial<OrganizationRow>,
): Alongside {
  return [db.write.update(organizations).set(changes).where(eq(organizations.id, organizationId))];
}

/** The statements that end an organization: keys are revoked, members leave, rows stay as deleted. */
export function endOrganization(
  db: Database,
  organizationId: string,
  by: { actorId: string; nowMs: number },
): Alongside {
  return [
    ...endWebhooks(db, organizationId),
    ...revokeKeysWhere(db, eq(keys.organizationId, organizationId), {
      ...by,
      reason: "The organization was deleted.",
    }),
    ...endRecharges(db, organizationId, by.nowMs),
    db.write.delete(links).where(eq(links.organizationId, organizationId)),
    db.write.delete(teams).where(eq(teams.organizationId, organizationId)),
    db.write.delete(hats).where(eq(hats.organizationId, organizationId)),
    db.write.delete(members).where(eq(members.organizationId, organizationId)),
    db.write
      .update(workspaces)
      .set({ state: "deleted" })
      .where(eq(workspaces.organizationId, organizationId)),
    ...updateOrganization(db, organizationId, { state: "deleted" }),
  ];
}
