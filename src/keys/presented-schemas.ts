import { type Static, Type } from "@sinclair/typebox";
import { spendResets } from "../core/money.ts";
import { keyTypes } from "../crypto/secret-format.ts";
import {
  literals,
  nullable,
  optionalTimestamp,
  strictObject,
  timestamp,
} from "../http/schema-parts.ts";
import { scopeSyntax } from "../permissions/scopes.ts";
import { skillPatternLengthMax, skillSyntax } from "../permissions/skills.ts";
import { KeySchema } from "./key-schemas.ts";
import * as fields from "./schema-fields.ts";

const limit = (example: number) =>
  Type.Integer({ minimum: 0, description: "How many are allowed.", examples: [example] });

const remaining = (example: number) =>
  Type.Integer({ minimum: 0, description: "How many are left.", examples: [example] });

const windowState = (example: { limit: number; reset_at: string }) =>
  nullable(
    strictObject({
      limit: limit(60),
      remaining: remaining(59),
      reset_at: timestamp("When the window ends."),
    }),
    {
      title: "RateWindow",
      description: "One window of a limit; null is no such limit.",
      examples: [{ ...example, remaining: example.limit - 1 }],
    },
  );

export const RateLimitStateSchema = strictObject(
  {
    requests_per_minute: windowState({ limit: 60, reset_at: "2026-11-21T09:31:00.000Z" }),
    requests_per_day: windowState({ limit: 1_000, reset_at: "2026-11-22T00:00:00.000Z" }),
    concurrent_requests: nullable(strictObject({ limit: limit(10), remaining: remaining(10) }), {
      title: "Concurrency",
      description: "Requests under way at once; null is no such limit.",
      examples: [null],
    }),
  },
  { title: "RateLimitState", description: "What is left of each limit; null is no such limit." },
);

export const presentedFields = {
  label: fields.label,
  usage: Type.Number({ minimum: 0, description: "What the key has spent, in USD.", examples: [0] }),
  usage_daily: Type.Number({
    minimum: 0,
    description: "The same since midnight UTC.",
    examples: [0],
  }),
  usage_weekly: Type.Number({ minimum: 0, description: "The same since Monday.", examples: [0] }),
  usage_monthly: Type.Number({ minimum: 0, description: "The same this month.", examples: [0] }),
  limit: nullable(Type.Number({ minimum: 0 }), {
    description: "The key's spend limit in USD; null is none.",
  }),
  limit_reset: nullable(literals(spendResets, "When the limit begins anew, at midnight UTC."), {
    description: "When the limit begins anew, at midnight UTC; null where there is none.",
  }),
  limit_remaining: nullable(Type.Number({ minimum: 0 }), {
    description: "What is left of the spend limit in USD; null where there is none.",
  }),
  id: fields.keyId,
  organization_id: KeySchema.properties.organization_id,
  workspace_id: KeySchema.properties.workspace_id,
  user_id: KeySchema.properties.user_id,
  runtime_id: nullable(Type.String({ examples: ["rt_019aa4c1f7dc7c01a6e1b8c2d4f60a16"] }), {
    description: "The runtime that the secret was made for; null for the key's own secret.",
  }),
  type: literals(keyTypes, "What kind of key it is; `runtime` for the secret of a runtime."),
  environment: KeySchema.properties.environment,
  scopes: fields.scopes,
  hats: fields.hats,
  allowed_models: fields.globs("Models", "gpt-*"),
  allowed_providers: fields.globs("Providers", "openai"),
  plan: Type.String({ description: "The plan in force.", examples: ["free"] }),
  created_at: timestamp("When the key was made."),
  expires_at: optionalTimestamp("When the key stops to work; null is never."),
  requests_total: Type.Integer({ minimum: 0, description: "Admitted requests.", examples: [1] }),
  rate_limits: RateLimitStateSchema,
  ...fields.lowBalance,
};

export const PresentedKeySchema = strictObject(presentedFields, {
  title: "PresentedKey",
  description: "The key that was presented, with what is left of its limits.",
});

export const asked = {
  model: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 128,
      description: "May this model be used?",
      examples: ["gpt-5"],
    }),
  ),
  provider: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 128,
      description: "May this provider be used?",
      examples: ["openai"],
    }),
  ),
  skill: Type.Optional(
    Type.String({
      maxLength: skillPatternLengthMax,
      pattern: skillSyntax,
      description: "May this skill, or this tool of it, be run?",
      examples: ["github/create-issue"],
    }),
  ),
};

export const PresentedKeyQuerySchema = strictObject({
  scope: Type.Optional(
    Type.String({
      maxLength: 1_000,
      pattern: `^${scopeSyntax}( ${scopeSyntax})*$`,
      description: "May this be done? Several scopes are separated by one space each.",
      examples: ["execute"],
    }),
  ),
  ...asked,
  cost: Type.Optional(
    Type.String({
      pattern: "^[0-9]{1,10}(\\.[0-9]{1,6})?$",
      description: "Is there enough for this, in USD? At most six decimals.",
      examples: ["0.5"],
    }),
  ),
});
export type PresentedKeyQuery = Static<typeof PresentedKeyQuerySchema>;
