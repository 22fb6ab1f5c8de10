import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Clock } from "../core/clock.ts";
import { definedFields } from "../core/defined-fields.ts";
import { DomainError, notFound } from "../core/errors.ts";
import type { Alongside, Database } from "../db/client.ts";
import { isForeignKeyViolation } from "../db/database-error.ts";
import type { Authenticator } from "../http/authenticate.ts";
import { ErrorSchema } from "../http/error-schemas.ts";
import type { Answer, Idempotency } from "../http/idempotency.ts";
import { management } from "../http/management.ts";
import { idempotentMark } from "../http/openapi/idempotency-key.ts";
import { toTimestamp } from "../http/schema-parts.ts";
import {
  changePlan,
  deletePlan,
  findPlan,
  insertPlan,
  listPlans,
  type PlanRow,
  plansMax,
} from "./plan-store.ts";
import * as schemas from "./schemas.ts";

const tags = ["Plans"];
const params = Type.Object({
  slug: Type.String({ maxLength: 63, description: "The plan.", examples: ["pro"] }),
});

/** `/plans`: named limits. Everybody with a management key reads them, the operator changes them. */
export function planRoutes(services: {
  authenticator: Authenticator;
  idempotency: Idempotency;
  db: Database;
  clock: Clock;
  /** A plan changed: whatever memory holds of any key may be wrong. */
  invalidateAll: () => void;
}) {
  const { db, clock, idempotency, invalidateAll } = services;
  return new Elysia({ name: "plans" })
    .use(management(services.authenticator))
    .get(
      "/plans",
      async () => ({ data: (await listPlans(db)).map(describePlan), next_cursor: null }),
      {
        response: { 200: schemas.PlanListSchema },
        detail: { operationId: "listPlans", tags, summary: "List plans" },
      },
    )
    .post(
      "/plans",
      ({ request, body, actor }) =>
        idempotency.run({ request, callerId: actor.id, payload: body }, async (remember) => {
          const plan = await createPlan(services, body, remember);
          return { status: 201, body: plan };
        }),
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
        const row = await findPlan(db, slug);
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
      async ({ params: { slug }, body }) => {
        const changes = { ...columnsOf(body), updatedAtMs: clock.nowMs() };
        const row = await changePlan(db, slug, changes);
        if (row === undefined) throw notFound("plan");
        invalidateAll();
        return describePlan(row);
      },
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
      async ({ params: { slug }, set }) => {
        const isDeleted = await deletePlan(db, slug).catch((error: unknown) => {
          if (!isForeignKeyViolation(error)) throw error;
          throw new DomainError("conflict", "A key or an organization still has this plan.");
        });
        if (!isDeleted) throw notFound("plan");
        set.status = 204;
      },
      {
        params,
        response: { 204: Type.Void({ description: "The plan is gone." }), 409: ErrorSchema },
        detail: { operationId: "deletePlan", tags, summary: "Delete a plan" },
      },
    );
}

async function createPlan(
  { db, clock }: { db: Database; clock: Clock },
  input: schemas.CreatePlan,
  remember: (answer: Answer) => Alongside,
): Promise<schemas.Plan> {
  if ((await listPlans(db)).length >= plansMax) {
    throw new DomainError("conflict", `There are ${plansMax} plans, which is as many as fit.`);
  }
  if ((await findPlan(db, input.slug)) !== undefined) throw slugTaken();
  const nowMs = clock.nowMs();
  const row: PlanRow = {
    ...noLimits,
    ...columnsOf(input),
    slug: input.slug,
    name: input.name,
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  };
  const plan = describePlan(row);
  await insertPlan(db, row, remember({ status: 201, body: plan })).catch(async (error: unknown) => {
    // Made by another call between the check and the write.
    throw (await findPlan(db, input.slug)) === undefined ? error : slugTaken();
  });
  return plan;
}

function slugTaken(): DomainError {
  return new DomainError("conflict", "There is a plan with this slug.", { param: "slug" });
}

const noLimits = { requestsPerMinute: null, requestsPerDay: null, concurrentRequests: null };

function columnsOf(input: schemas.CreatePlan | schemas.ChangePlan): Partial<PlanRow> {
  return definedFields({
    name: input.name,
    requestsPerMinute: input.requests_per_minute,
    requestsPerDay: input.requests_per_day,
    concurrentRequests: input.concurrent_requests,
  });
}

function describePlan(row: PlanRow): schemas.Plan {
  return {
    slug: row.slug,
    name: row.name,
    requests_per_minute: row.requestsPerMinute,
    requests_per_day: row.requestsPerDay,
    concurrent_requests: row.concurrentRequests,
    created_at: toTimestamp(row.createdAtMs),
    updated_at: toTimestamp(row.updatedAtMs),
  };
}
