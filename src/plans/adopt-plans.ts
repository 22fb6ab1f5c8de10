import type { FirstPlan } from "../dialects/dialect.ts";
import { type DialectName, dialectOf } from "../dialects/index.ts";
import type { Actor } from "../organizations/actor.ts";
import { findDialectName, noteDialect } from "../organizations/setup-store.ts";
import { createPlan } from "./create-plan.ts";
import { findPlan, listPlans, plansMax } from "./plan-store.ts";
import type { PlansContext } from "./plans-context.ts";
import type { CreatePlan } from "./schemas.ts";

/**
 * An installation that is switched to another dialect gets that dialect's plans, once: a plan whose slug
 * is taken stays as it is, and one that is deleted later does not come back. Returns the new slugs.
 */
export async function adoptPlans(
  context: PlansContext,
  { dialectName, actor }: { dialectName: DialectName; actor: Actor },
): Promise<string[]> {
  const earlier = await findDialectName(context.db);
  const made: string[] = [];
  if (earlier === dialectName) return made;
  for (const plan of dialectOf(dialectName).plans) {
    if ((await findPlan(context.db, plan.slug)) !== undefined) continue;
    // No reason not to start: the operator has plans enough.
    if ((await listPlans(context.db)).length >= plansMax) break;
    await createPlan(context, { input: inputOf(plan), actor, alongside: () => [] });
    made.push(plan.slug);
  }
  await context.audit.commit({
    actor,
    build: () => ({
      change: noteDialect(context.db, dialectName),
      entry: {
        action: "instance.dialect_changed",
        targetId: dialectName,
        organizationId: null,
        changes: { before: { dialect: earlier }, after: { dialect: dialectName } },
      },
    }),
  });
  return made;
}

function inputOf({ slug, name, perMinute, perDay, concurrent }: FirstPlan): CreatePlan {
  return {
    slug,
    name,
    requests_per_minute: perMinute,
    requests_per_day: perDay,
    concurrent_requests: concurrent,
  };
}
