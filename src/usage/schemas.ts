import { type Static, Type } from "@sinclair/typebox";
import { usageIntervals } from "../core/usage.ts";
import { amount } from "../credits/amount-schemas.ts";
import { exportFormats } from "../http/export-rows.ts";
import {
  id,
  literals,
  nullable,
  printableLine,
  strictObject,
  timestamp,
} from "../http/schema-parts.ts";

/** Buckets that one question may span. */
export const usageBucketsMax = 10_000;

export const usageSteps = [...usageIntervals.toReversed(), "none"] as const;
export type UsageStep = (typeof usageSteps)[number];

const keyId = (description: string) => id(description, "key_019aa4c1f7e07a3cb1f60d6f5e2a9b14");
const workspaceId = (description: string) => id(description, "ws_019aa4c1f7d87c01a6e1b8c2d4f60a12");
const userId = (description: string) => id(description, "usr_019aa4c1f7d87c01a6e1b8c2d4f60a13");
const status = Type.String({
  pattern: "^[a-z_]{1,64}$",
  description:
    "`ok`, or why it was refused: the code of the error, or `revoked`, `expired` or `disabled`.",
  examples: ["ok"],
});
const subject = Type.String({
  minLength: 1,
  maxLength: 194,
  pattern: printableLine,
  description: "Only of this skill or model.",
  examples: ["github/create-issue"],
});

const moment = (description: string, example: string) =>
  Type.Optional(Type.String({ format: "date-time", description, examples: [example] }));

const question = {
  group_by: Type.Optional(
    Type.String({
      pattern: "^(key|workspace|user|subject|status)(,(key|workspace|user|subject|status)){0,4}$",
      description:
        "A row for each of these: `key`, `workspace`, `user`, `subject` (skill or model), `status`, or several with commas. Without, all are one.",
      examples: ["key,subject"],
    }),
  ),
  interval: Type.Optional(
    literals(
      usageSteps,
      "A row for each `day`, `hour` or `minute`, `day` by default; `none` adds them up.",
    ),
  ),
  from: moment(
    "From the bucket that this moment is in; without, the last 30 days, 48 hours or 2 hours.",
    "2026-11-01T00:00:00.000Z",
  ),
  to: moment(
    "Up to the end of the bucket that the moment before it is in; now by default.",
    "2026-11-22T00:00:00.000Z",
  ),
  key_id: Type.Optional(keyId("Only of this key.")),
  workspace_id: Type.Optional(workspaceId("Only of this workspace.")),
  user_id: Type.Optional(userId("Only of this user.")),
  subject: Type.Optional(subject),
  status: Type.Optional(status),
};

export const UsageQuerySchema = strictObject({
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 100,
      default: 20,
      description: "Rows in a page.",
      examples: [20],
    }),
  ),
  cursor: Type.Optional(
    Type.String({
      maxLength: 2_048,
      description: "`next_cursor` of the page before.",
      examples: ["WyJ1c2FnZSIsMCwiW10iXQ"],
    }),
  ),
  ...question,
});
export type UsageQuery = Static<typeof UsageQuerySchema>;

export const UsageExportQuerySchema = strictObject({
  format: Type.Optional(literals(exportFormats, "JSON Lines by default, or CSV.")),
  ...question,
});
export type UsageExportQuery = Static<typeof UsageExportQuerySchema>;

export const UsageRowSchema = strictObject(
  {
    start: Type.Optional(timestamp("Where the minute, hour or day begins, unless `none`.")),
    key_id: Type.Optional(keyId("The key, by `key`.")),
    workspace_id: Type.Optional(workspaceId("Its workspace, by `workspace`.")),
    user_id: Type.Optional(nullable(userId("Its user, by `user`."), { description: "Or null." })),
    subject: Type.Optional(
      nullable(Type.String({ examples: ["github/create-issue"] }), {
        description: "The skill or model, by `subject`; null for none.",
      }),
    ),
    status: Type.Optional(status),
    requests: Type.Integer({
      minimum: 0,
      description: "Requests that were asked; a crash can lose those of some seconds.",
      examples: [41],
    }),
    charges: Type.Integer({
      minimum: 0,
      description: "Charges, as in the ledger.",
      examples: [40],
    }),
    cost: amount("Their sum, in USD, as in the ledger.", 0.08),
  },
  { title: "UsageRow", description: "What was used." },
);
export type UsageRowAnswer = Static<typeof UsageRowSchema>;

export const UsagePageSchema = strictObject(
  {
    from: timestamp(
      "Where the answer really begins: at a bucket, and no earlier than what is kept.",
    ),
    to: timestamp("Where it really ends."),
    interval: literals(usageSteps, "What each row is of."),
    data: Type.Array(UsageRowSchema),
    next_cursor: nullable(Type.String(), { description: "For the next page; null on the last." }),
  },
  { title: "UsagePage", description: "A page of usage, the oldest first." },
);
