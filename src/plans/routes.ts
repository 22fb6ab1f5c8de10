import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import { notFound } from "../core/errors.ts";
import type { Authorizer } from "../http/authorize.ts";
import { ErrorSchema } from "../http/error-schemas.ts";
import type { Idempotency } from "../http/idempotency.ts";
import { management } from "../http/management.ts";
import { idempotentMark } from "../http/openapi/idempotency-key.ts";
import { changePlan } from "./change-plan.ts";
import { createPlan } from "./create-plan.ts";
import { deletePlan } from "./delete-plan.ts";
import { describePlan } from "./describe-plan.ts";
import { findPlan, listPlans } from "./plan-store.ts";
import type { PlansContext } from "./plans-context.ts";
import * as schemas from "./schemas.ts";

const tags = ["Plans"];
const params = Type.Object({
  slug: Type.String({ maxLength: 63, description: "The plan.", examples: ["pro"] }),
});

/** `/plans`: named limits. Everybody with a management key reads them, the operator changes them. */
export function planRoutes(services: {
  authorizer: Authorizer;
  idempotency: Idempotency;
  plans: PlansContext;
}) {
  const { plans, idempotency } = services;
  return new Elysia({ name: "plans" })
    .use(management(services.authorizer))
    .get(
      "/plans",
      async () => ({ data: (await listPlans(plans.db)).map(describePlan), next_cursor: null }),
      {
        response: { 200: schemas.PlanListSchema },
        detail: { operationId: "listPlans", tags, summary: "List plans" },
      },
    )
    .post(
      "/plans",
      ({ request, body, actor }) =>
        idempotency.create({ request, actor, payload: body }, (alongside) =>
          createPlan(plans, { input: body, actor, alongside }),
        ),
      {
        body: schemas.CreatePlanSchema,
        response: { 201: schemas.PlanSchema, 409: ErrorSchema },
        detail: {
          [idempotentMark]: true,
          operationId: "createPlan",
          tags,
          summary: "Create a plan",
        },
      },
    )
    .get(
      "/plans/:slug",
      async ({ params: { slug } }) => {
        const row = await findPlan(plans.db, slug);
        if (row === undefined) throw notFound("plan");
        return describePlan(row);
      },
      {
        params,
        response: { 200: schemas.PlanSchema },
        detail: { operationId: "showPlan", tags, summary: "Show a plan" },
      },
    )
    .patch(
      "/plans/:slug",
      ({ params: { slug }, body, actor }) => changePlan(plans, { slug, input: body, actor }),
      {
        params,
        body: schemas.ChangePlanSchema,
        response: { 200: schemas.PlanSchema },
        detail: {
          operationId: "changePlan",
          tags,
          summary: "Change a plan",
          description: "The new limits hold for every key of the plan when the call returns.",
        },
      },
    )
    .delete(
      "/plans/:slug",
      async ({ params: { slug }, actor, set }) => {
        await deletePlan(plans, { slug, actor });
        set.status = 204;
      },
      {
        params,
        response: { 204: Type.Void({ description: "The plan is gone." }), 409: ErrorSchema },
        detail: { operationId: "deletePlan", tags, summary: "Delete a plan" },
      },
    );
}
