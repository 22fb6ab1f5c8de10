import { DomainError } from "../core/errors.ts";
import type { Alongside } from "../db/client.ts";
import { type Actor, noLimits } from "../organizations/actor.ts";
import { describePlan, planColumns } from "./describe-plan.ts";
import { findPlan, insertPlan, listPlans, type PlanRow, plansMax } from "./plan-store.ts";
import type { PlansContext } from "./plans-context.ts";
import type { CreatePlan, Plan } from "./schemas.ts";

/** Makes a plan. Throws 409 when the slug is taken or there are too many. */
export async function createPlan(
  { db, audit, clock }: PlansContext,
  options: { input: CreatePlan; actor: Actor; alongside: (created: Plan) => Alongside },
): Promise<Plan> {
  const { input, actor } = options;
  if ((await listPlans(db)).length >= plansMax) {
    throw new DomainError("conflict", `There are ${plansMax} plans, which is as many as fit.`);
  }
  if ((await findPlan(db, input.slug)) !== undefined) throw slugTaken();
  const nowMs = clock.nowMs();
  const row: PlanRow = {
    ...noLimits,
    ...planColumns(input),
    slug: input.slug,
    name: input.name,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
  const plan = describePlan(row);
  await audit
    .commit({
      actor,
      build: () => ({
        change: insertPlan(db, row),
        entry: {
          action: "plan.created",
          targetId: row.slug,
          organizationId: null,
          changes: { before: null, after: plan },
        },
        alongside: options.alongside(plan),
      }),
    })
    .catch(async (error: unknown) => {
      // Made by another call between the check and the write.
      throw (await findPlan(db, input.slug)) === undefined ? error : slugTaken();
    });
  return plan;
}

function slugTaken(): DomainError {
  return new DomainError("conflict", "There is a plan with this slug.", { param: "slug" });
}
