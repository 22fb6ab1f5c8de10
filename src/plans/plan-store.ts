import { asc, eq } from "drizzle-orm";
import type { Alongside, Database } from "../db/client.ts";
import { organizations, plans } from "../db/tables/index.ts";

export type PlanRow = typeof plans.$inferSelect;

/** Plans there may be; the list is answered whole. */
export const plansMax = 1_000;

/** Every plan, by slug. */
export function listPlans(db: Database): Promise<PlanRow[]> {
  return db.read.select().from(plans).orderBy(asc(plans.slug)).limit(plansMax);
}

/** One plan, or undefined. */
export async function findPlan(db: Database, slug: string): Promise<PlanRow | undefined> {
  const rows = await db.lookup.select().from(plans).where(eq(plans.slug, slug));
  return rows[0];
}

/** The plan of an organization. */
export async function planOfOrganization(db: Database, organizationId: string): Promise<PlanRow> {
  const rows = await db.lookup
    .select({ plan: plans })
    .from(organizations)
    .innerJoin(plans, eq(plans.slug, organizations.planSlug))
    .where(eq(organizations.id, organizationId));
  const plan = rows[0]?.plan;
  if (plan === undefined) throw new Error(`${organizationId} has no plan.`);
  return plan;
}

/** The statement that makes a plan. */
export function insertPlan(db: Database, plan: PlanRow): Alongside {
  return [db.write.insert(plans).values(plan)];
}

/** The statement that changes a plan. */
export function changePlan(db: Database, slug: string, changes: Partial<PlanRow>): Alongside {
  return [db.write.update(plans).set(changes).where(eq(plans.slug, slug))];
}

/** The statement that deletes a plan; it violates a foreign key while something has the plan. */
export function deletePlan(db: Database, slug: string): Alongside {
  return [db.write.delete(plans).where(eq(plans.slug, slug))];
}
