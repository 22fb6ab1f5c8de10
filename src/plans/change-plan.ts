import { changesBetween } from "../audit/audit-event.ts";
import { notFound } from "../core/errors.ts";
import type { Actor } from "../organizations/actor.ts";
import { describePlan, planColumns } from "./describe-plan.ts";
import { changePlan as changeStatement, findPlan } from "./plan-store.ts";
import type { PlansContext } from "./plans-context.ts";
import type { ChangePlan, Plan } from "./schemas.ts";

/** Changes a plan, for all its keys when this returns. Throws 404. */
export async function changePlan(
  { db, audit, clock, invalidateAll }: PlansContext,
  options: { slug: string; input: ChangePlan; actor: Actor },
): Promise<Plan> {
  const { slug, input, actor } = options;
  const columns = { ...planColumns(input), updatedAtMs: clock.nowMs() };
  let plan: Plan | undefined;
  await audit.commit({
    actor,
    build: async () => {
      const row = await findPlan(db, slug);
      if (row === undefined) throw notFound("plan");
      plan = describePlan({ ...row, ...columns });
      return {
        change: changeStatement(db, slug, columns),
        entry: {
          action: "plan.changed",
          targetId: slug,
          organizationId: null,
          changes: changesBetween(describePlan(row), plan),
        },
      };
    },
  });
  invalidateAll();
  if (plan === undefined) throw notFound("plan");
  return plan;
}
