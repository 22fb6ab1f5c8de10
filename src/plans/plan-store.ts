import { asc, eq } from "drizzle-orm";
import type { Alongside, Database } from "../db/client.ts";
import { plans } from "../db/tables/index.ts";

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

/** The plan and what goes along, in one transaction. Throws when the slug is taken. */
export async function insertPlan(db: Database, plan: PlanRow, alongside: Alongside): Promise<void> {
  await db.write.batch([db.write.insert(plans).values(plan), ...alongside]);
}

/** The changed plan, or undefined when there is none. */
export async function changePlan(
  db: Database,
  slug: string,
  changes: Partial<PlanRow>,
): Promise<PlanRow | undefined> {
  const rows = await db.write.update(plans).set(changes).where(eq(plans.slug, slug)).returning();
  return rows[0];
}

/** Throws SQLite's foreign key violation while a key or an organization has the plan. */
export async function deletePlan(db: Database, slug: string): Promise<boolean> {
  const rows = await db.write.delete(plans).where(eq(plans.slug, slug)).returning();
  return rows.length > 0;
}
