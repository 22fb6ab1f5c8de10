import { and, asc, eq, ne } from "drizzle-orm";
import { newId } from "../crypto/ids.ts";
import type { Alongside, Database } from "../db/client.ts";
import { instance, organizations, plans, workspaces } from "../db/tables/index.ts";
import { type DialectName, dialectOf } from "../dialects/index.ts";

const defaultSlug = "default";

export interface Tenant {
  organizationId: string;
  workspaceId: string;
}

/**
 * The plans of the dialect, which are data from then on (`/plans` changes them), and the organization and
 * workspace `default`; with the mark of the root key, in one write.
 */
export async function setUpInstance(
  db: Database,
  options: { rootKeyId: string; dialectName: DialectName; nowMs: number },
): Promise<Tenant> {
  const { rootKeyId, dialectName, nowMs } = options;
  const { plans: firstPlans } = dialectOf(dialectName);
  const [{ slug: planSlug }] = firstPlans;
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
    db.write.insert(organizations).values({ ...common, id: organizationId, planSlug }),
    db.write.insert(workspaces).values({ ...common, id: workspaceId, organizationId }),
    db.write
      .insert(instance)
      .values({ id: 1, rootKeyId, dialect: dialectName, createdAtMs: nowMs }),
  ]);
  return { organizationId, workspaceId };
}

/** The root key's mark in the file; undefined while the file is empty. */
export async function findRootKeyId(db: Database): Promise<string | undefined> {
  const rows = await db.read
    .select({ rootKeyId: instance.rootKeyId })
    .from(instance)
    .where(eq(instance.id, 1));
  return rows[0]?.rootKeyId;
}

/** The name of the dialect that the installation was made for, or a server has switched it to. */
export async function findDialectName(db: Database): Promise<string> {
  const rows = await db.read
    .select({ dialect: instance.dialect })
    .from(instance)
    .where(eq(instance.id, 1));
  const name = rows[0]?.dialect;
  if (name === undefined) throw new Error("The database is not set up.");
  return name;
}

/** The statement that notes the dialect. */
export function noteDialect(db: Database, name: string): Alongside {
  return [db.write.update(instance).set({ dialect: name }).where(eq(instance.id, 1))];
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
