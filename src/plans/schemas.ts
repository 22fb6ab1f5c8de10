import { type Static, Type } from "@sinclair/typebox";
import { nullable, printableLine, strictObject, timestamp } from "../http/schema-parts.ts";

/** No limit may be larger: enough for a million requests a second all day. */
export const limitMax = 100_000_000_000;

const limit = (what: string, example: number) =>
  nullable(Type.Integer({ minimum: 0, maximum: limitMax }), {
    description: `${what}; null is no limit.`,
    examples: [example],
  });

export const planSlug = Type.String({
  pattern: "^[a-z0-9][a-z0-9-]{0,62}$",
  description: "Lower-case name of the plan, for use in other calls.",
  examples: ["pro"],
});

const planLimits = {
  requests_per_minute: limit("Requests in a minute by the clock", 600),
  requests_per_day: limit("Requests in a UTC day", 50_000),
  concurrent_requests: limit("Requests under way at once", 20),
};

const planName = Type.String({
  minLength: 1,
  maxLength: 100,
  pattern: printableLine,
  description: "Name of the plan, for people.",
  examples: ["Pro"],
});

export const PlanSchema = strictObject(
  {
    slug: planSlug,
    name: planName,
    ...planLimits,
    created_at: timestamp("When the plan was made."),
    updated_at: timestamp("When the plan was last changed."),
  },
  { title: "Plan", description: "Named limits." },
);
export type Plan = Static<typeof PlanSchema>;

export const PlanListSchema = strictObject(
  {
    data: Type.Array(PlanSchema),
    next_cursor: Type.Null({ description: "Plans come in one page." }),
  },
  { title: "PlanList", description: "All plans." },
);

export const CreatePlanSchema = strictObject(
  {
    slug: planSlug,
    name: planName,
    requests_per_minute: Type.Optional(planLimits.requests_per_minute),
    requests_per_day: Type.Optional(planLimits.requests_per_day),
    concurrent_requests: Type.Optional(planLimits.concurrent_requests),
  },
  {
    title: "CreatePlan",
    description: "The new plan. A limit that is absent is no limit.",
    examples: [{ slug: "team", name: "Team", requests_per_minute: 300, requests_per_day: 20000 }],
  },
);
export type CreatePlan = Static<typeof CreatePlanSchema>;

export const ChangePlanSchema = strictObject(
  {
    name: Type.Optional(planName),
    requests_per_minute: Type.Optional(planLimits.requests_per_minute),
    requests_per_day: Type.Optional(planLimits.requests_per_day),
    concurrent_requests: Type.Optional(planLimits.concurrent_requests),
  },
  {
    title: "ChangePlan",
    minProperties: 1,
    description: "The fields to change. What is absent stays; null is no limit.",
    examples: [{ requests_per_minute: 900 }],
  },
);
export type ChangePlan = Static<typeof ChangePlanSchema>;
