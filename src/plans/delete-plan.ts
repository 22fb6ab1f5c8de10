import { DomainError, notFound } from "../core/errors.ts";
import { isForeignKeyViolation } from "../db/database-error.ts";
import type { Actor } from "../organizations/actor.ts";
import { describePlan } from "./describe-plan.ts";
import { deletePlan as deleteStatement, findPlan } from "./plan-store.ts";
import type { PlansContext } from "./plans-context.ts";

/** Deletes a plan that nobody has. Throws 404, or 409 while a key or an organization has it. */
export async function deletePlan(
  { db, audit }: PlansContext,
  { slug, actor }: { slug: string; actor: Actor },
): Promise<void> {
  await audit
    .commit({
      actor,
      build: async () => {
        const row = await findPlan(db, slug);
        if (row === undefined) throw notFound("plan");
        return {
          change: deleteStatement(db, slug),
          entry: {
            action: "plan.deleted",
            targetId: slug,
            organizationId: null,
            changes: { before: describePlan(row), after: null },
          },
        };
      },
    })
    .catch((error: unknown) => {
      if (!isForeignKeyViolation(error)) throw error;
      throw new DomainError("conflict", "A key or an organization still has this plan.");
    });
}
