import { and, asc, eq, ne } from "drizzle-orm";
import { newId } from "../crypto/ids.ts";
import type { Database } from "../db/client.ts";
import { instance, organizations, plans, workspaces } from "../db/tables/index.ts";

/** The plans of a new installation. They are data: `/plans` changes them. */
const firstPlans = [
  { slug: "free", name: "Free", perMinute: 60, perDay: 1_000, concurrent: null },
  { slug: "starter", name: "Starter", perMinute: 60, perDay: null, concurrent: 10 },
  { slug: "pro", name: "Pro", perMinute: 600, perDay: 50_000, concurrent: null },
  { slug: "enterprise", name: "Enterprise", perMinute: null, perDay: null, concurrent: null },
  { slug: "unlimited", name: "Unlimited", perMinute: null, perDay: null, concurrent: null },
] as const;

const defaultSlug = "default";
const defaultPlan = "free";

export interface Tenant {
  organizationId: string;
  workspaceId: string;
}

/** Plans, and the organization and workspace `default`; with the mark of the root key, in one write. */
export async function setUpInstance(
  db: Database,
  { rootKeyId, nowMs }: { rootKeyId: string; nowMs: number },
): Promise<Tenant> {
  const organizationId = newId("organization", nowMs);
  const workspaceId = newId("workspace", nowMs);
  const common = { slug: defaultSlug, name: "Default", createdAtMs: nowMs };
  await db.write.batch([
    db.write.insert(plans).values(
      firstPlans.map((plan) => ({
        slug: plan.slug,
        name: plan.name,
        requestsPerMinute: plan.perMinute,
        requestsPerDay: plan.perDay,
        concurrentRequests: plan.concurrent,
        createdAtMs: nowMs,
        updatedAtMs: nowMs,
      })),
    ),
    db.write.insert(organizations).values({ ...common, id: organizationId, planSlug: defaultPlan }),
    db.write.insert(workspaces).values({ ...common, id: workspaceId, organizationId }),
    db.write.insert(instance).values({ id: 1, rootKeyId, createdAtMs: nowMs }),
  ]);
  return { organizationId, workspaceId };
}

/** The root key's mark in the file; undefined while the file is empty. */
export async function findRootKeyId(db: Database): Promise<string | undefined> {
  const rows = await db.read.select().from(instance).where(eq(instance.id, 1));
  return rows[0]?.rootKeyId;
}

/** The organization and workspace that came with the installation, or the oldest that are left. */
export async function defaultTenant(db: Database): Promise<Tenant> {
  const rows = await db.read
    .select({ organizationId: organizations.id, workspaceId: workspaces.id })
    .from(workspaces)
    .innerJoin(organizations, eq(organizations.id, workspaces.organizationId))
    .where(and(ne(organizations.state, "deleted"), ne(workspaces.state, "deleted")))
    .orderBy(asc(organizations.createdAtMs), asc(organizations.id), asc(workspaces.createdAtMs))
    .limit(1);
  const tenant = rows[0];
  if (tenant === undefined) throw new Error("There is no organization with a workspace.");
  return tenant;
}
