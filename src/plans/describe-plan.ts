import { definedFields } from "../core/defined-fields.ts";
import { toTimestamp } from "../http/schema-parts.ts";
import type { PlanRow } from "./plan-store.ts";
import type { ChangePlan, CreatePlan, Plan } from "./schemas.ts";

/** The columns that the given fields set. */
export function planColumns(input: CreatePlan | ChangePlan): Partial<PlanRow> {
  return definedFields({
    name: input.name,
    requestsPerMinute: input.requests_per_minute,
    requestsPerDay: input.requests_per_day,
    concurrentRequests: input.concurrent_requests,
  });
}

/** The plan as the API shows it. */
export function describePlan(row: PlanRow): Plan {
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
