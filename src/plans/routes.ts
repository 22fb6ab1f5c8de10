import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Clock } from "../core/clock.ts";
import { DomainError, notFound } from "../core/errors.ts";
import type { Database } from "../db/client.ts";
import { isForeignKeyViolation, isUniqueViolation } from "../db/database-error.ts";
import type { Authenticator } from "../http/authenticate.ts";
import { ErrorSchema } from "../http/error-schemas.ts";
import { management } from "../http/management.ts";
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
  db: Database;
  clock: Clock;
  /** A plan changed: whatever memory holds of any key may be wrong. */
  invalidateAll: () => void;
}) {
  const { db, clock, invalidateAll } = services;
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
      async ({ body, set }) => {
        const nowMs = clock.nowMs();
        const plan = { ...noLimits, ...columnsOf(body), slug: body.slug, name: body.name };
        const row: PlanRow = { ...plan, createdAtMs: nowMs, updatedAtMs: nowMs };
        if ((await listPlans(db)).length >= plansMax) {
          throw new DomainError(
            "conflict",
            `There are ${plansMax} plans, which is as many as fit.`,
          );
        }
        await insertPlan(db, row).catch((error: unknown) => {
          if (!isUniqueViolation(error)) throw error;
          throw new DomainError("conflict", "There is a plan with this slug.", { param: "slug" });
        });
        set.status = 201;
        return describePlan(row);
      },
      {
        body: schemas.CreatePlanSchema,
        response: { 201: schemas.PlanSchema, 409: ErrorSchema },
        detail: { operationId: "createPlan", tags, summary: "Create a plan" },
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

const noLimits = { requestsPerMinute: null, requestsPerDay: null, concurrentRequests: null };

function columnsOf(input: schemas.CreatePlan | schemas.ChangePlan): Partial<PlanRow> {
  const columns: Partial<PlanRow> = {};
  if (input.name !== undefined) columns.name = input.name;
  if (input.requests_per_minute !== undefined)
    columns.requestsPerMinute = input.requests_per_minute;
  if (input.requests_per_day !== undefined) columns.requestsPerDay = input.requests_per_day;
  if (input.concurrent_requests !== undefined) {
    columns.concurrentRequests = input.concurrent_requests;
  }
  return columns;
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
