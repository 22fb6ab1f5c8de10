import { type Static, Type } from "@sinclair/typebox";
import { environments, keyTypes } from "../crypto/secret-format.ts";
import { nullable, optionalTimestamp, strictObject, timestamp } from "../http/schema-parts.ts";
import { scopesMax } from "../permissions/scopes.ts";
import { limitMax, planSlug } from "../plans/schemas.ts";
import { verifyCodes } from "./decide.ts";

export const keyStatuses = ["active", "disabled", "expired", "revoked"] as const;
export type KeyStatus = (typeof keyStatuses)[number];

export const metadataBytesMax = 4_096;
export const expiresInSecondsMax = 10 * 366 * 86_400;
export const gracePeriodSecondsMax = 30 * 86_400;
export const verifyBatchMax = 100;

const literals = <T extends string>(values: readonly T[], description: string) =>
  Type.Unsafe<T>(Type.String({ enum: [...values], description, examples: [values[0] as T] }));

const keyId = Type.String({
  pattern: "^key_[0-9a-f]{32}$",
  description: "Id of a key; ids sort by the time they were made.",
  examples: ["key_019aa4c1f7e07a3cb1f60d6f5e2a9b14"],
});

const label = Type.String({
  minLength: 1,
  maxLength: 100,
  pattern: "\\S",
  description: "Human-readable name.",
  examples: ["production backend"],
});

const description = nullable(Type.String({ maxLength: 1_000, examples: ["Slack support bot"] }), {
  description: "What the key is for.",
});

const scopes = Type.Array(
  Type.String({ minLength: 1, maxLength: 128, pattern: "^[a-zA-Z0-9:._/*-]{1,128}$" }),
  {
    maxItems: scopesMax,
    description: "What the key may do; `*` is everything, `documents:*` all below documents.",
    examples: [["*"]],
  },
);

const limit = (what: string, example: number) =>
  Type.Optional(
    nullable(Type.Integer({ minimum: 0, maximum: limitMax }), {
      description: `${what}; null or absent takes the plan's.`,
      examples: [example],
    }),
  );

const limits = strictObject(
  {
    requests_per_minute: limit("Requests in a minute by the clock", 60),
    requests_per_day: limit("Requests in a UTC day", 1_000),
    concurrent_requests: limit("Requests under way at once", 10),
  },
  { description: "The key's own limits; they go before the plan's." },
);

const globs = (what: string, example: string) =>
  nullable(Type.Array(Type.String({ minLength: 1, maxLength: 128 }), { maxItems: 100 }), {
    description: `${what} the key may use, as globs; null is all.`,
    examples: [[example]],
  });

const ipAllowlist = nullable(
  Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { maxItems: 100 }),
  {
    description: "Addresses and CIDR networks the key may be used from; null is everywhere.",
    examples: [["192.0.2.0/24", "2001:db8::/32"]],
  },
);

const metadata = Type.Record(Type.String(), Type.Unknown(), {
  description: "Your own JSON, at most 4 KiB.",
  examples: [{ team: "search" }],
});

const plan = nullable(planSlug, {
  description: "A plan for this key; null takes the organization's.",
  examples: ["pro"],
});

export const KeySchema = strictObject(
  {
    id: keyId,
    organization_id: Type.String({ examples: ["org_019aa4c1f7d87c01a6e1b8c2d4f60a11"] }),
    workspace_id: Type.String({ examples: ["ws_019aa4c1f7d97c01a6e1b8c2d4f60a12"] }),
    type: literals(keyTypes, "What kind of key it is."),
    environment: literals(environments, "Live or test."),
    label,
    description,
    key_prefix: Type.String({
      description: "The first 8 characters of the secret's body, to recognize it by.",
      examples: ["3f9c2a7d"],
    }),
    status: literals(keyStatuses, "Whether the key can be used, and why not."),
    scopes,
    plan,
    limits: Type.Required(limits),
    allowed_models: globs("Models", "gpt-*"),
    allowed_providers: globs("Providers", "openai"),
    ip_allowlist: ipAllowlist,
    metadata,
    enabled: Type.Boolean({ description: "False switches the key off until it is true again." }),
    expires_at: optionalTimestamp("When the key stops to work; null is never."),
    created_at: timestamp("When the key was made."),
    created_by: Type.String({
      description: "The id of the key that made it, `cli` or `system`.",
      examples: ["key_019aa4c1f7da7c01a6e1b8c2d4f60a13"],
    }),
    updated_at: timestamp("When the key was last changed."),
    last_used_at: optionalTimestamp("The last admitted request; at most some seconds behind."),
    requests_total: Type.Integer({ minimum: 0, description: "Admitted requests.", examples: [42] }),
    rotated_at: optionalTimestamp("When the key last got a new secret."),
    previous_secret: nullable(
      strictObject({
        key_prefix: Type.String({ examples: ["b20d51c4"] }),
        expires_at: timestamp("Until when the old secret works."),
        last_used_at: optionalTimestamp("The last use of the old secret since the rotation."),
      }),
      { description: "The secret that was rotated away last, while it is remembered." },
    ),
    revoked_at: optionalTimestamp("When the key was revoked."),
    revoked_by: nullable(Type.String()),
    revoke_reason: nullable(Type.String()),
  },
  { title: "Key", description: "A key, without its secret." },
);
export type Key = Static<typeof KeySchema>;

const secretExample = "sk_live_3f9c2a7d5b1e8064c7a2f9d3e6b0815c4d7a9e2f1b6c3058d4e7a1f9c2b5a4ef";

export const KeyWithSecretSchema = strictObject(
  {
    ...KeySchema.properties,
    secret: Type.String({
      description: "The whole secret. It is shown in this answer only and cannot be had again.",
      examples: [secretExample],
    }),
  },
  { title: "KeyWithSecret", description: "A key with its new secret." },
);
export type KeyWithSecret = Static<typeof KeyWithSecretSchema>;

const expiry = {
  expires_at: Type.Optional(optionalTimestamp("When the key stops to work; null is never.")),
  expires_in_seconds: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: expiresInSecondsMax,
      description: "The same, counted from now. Give one of the two.",
      examples: [7_776_000],
    }),
  ),
};

export const CreateKeySchema = strictObject(
  {
    label,
    description: Type.Optional(description),
    type: Type.Optional(literals(keyTypes, "What kind of key; `workspace` by default.")),
    environment: Type.Optional(literals(environments, "`live` by default.")),
    workspace_id: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 64,
        description: "The workspace; the caller's own by default.",
      }),
    ),
    scopes: Type.Optional(scopes),
    plan: Type.Optional(plan),
    limits: Type.Optional(limits),
    allowed_models: Type.Optional(globs("Models", "gpt-*")),
    allowed_providers: Type.Optional(globs("Providers", "openai")),
    ip_allowlist: Type.Optional(ipAllowlist),
    metadata: Type.Optional(metadata),
    ...expiry,
  },
  {
    title: "CreateKey",
    examples: [{ label: "production backend", scopes: ["*"], metadata: { team: "search" } }],
  },
);
export type CreateKey = Static<typeof CreateKeySchema>;

export const UpdateKeySchema = strictObject(
  {
    label: Type.Optional(label),
    description: Type.Optional(description),
    enabled: Type.Optional(Type.Boolean()),
    scopes: Type.Optional(scopes),
    plan: Type.Optional(plan),
    limits: Type.Optional(limits),
    allowed_models: Type.Optional(globs("Models", "gpt-*")),
    allowed_providers: Type.Optional(globs("Providers", "openai")),
    ip_allowlist: Type.Optional(ipAllowlist),
    metadata: Type.Optional(metadata),
    ...expiry,
  },
  {
    title: "UpdateKey",
    minProperties: 1,
    description: "The fields to change. What is absent stays; null clears.",
    examples: [{ label: "production backend", enabled: true }],
  },
);
export type UpdateKey = Static<typeof UpdateKeySchema>;

export const RotateKeySchema = strictObject(
  {
    grace_period_seconds: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: gracePeriodSecondsMax,
        description: "How long the old secret goes on working; 0 (the default) ends it at once.",
        examples: [3_600],
      }),
    ),
  },
  { title: "RotateKey", examples: [{ grace_period_seconds: 3600 }] },
);
export type RotateKey = Static<typeof RotateKeySchema>;

export const KeyListSchema = strictObject(
  {
    data: Type.Array(KeySchema),
    next_cursor: nullable(Type.String(), { description: "For the next page; null on the last." }),
  },
  { title: "KeyList" },
);

export const keyParams = Type.Object({
  id: Type.String({
    minLength: 1,
    maxLength: 64,
    examples: ["key_019aa4c1f7e07a3cb1f60d6f5e2a9b14"],
  }),
});

export const keySorts = ["-created_at", "created_at", "label", "-label"] as const;
export type KeySort = (typeof keySorts)[number];

export const ListKeysQuerySchema = strictObject({
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 100, default: 20, description: "Keys in a page." }),
  ),
  cursor: Type.Optional(
    Type.String({ maxLength: 512, description: "`next_cursor` of the page before." }),
  ),
  type: Type.Optional(literals(keyTypes, "Only keys of this type.")),
  status: Type.Optional(literals(keyStatuses, "Only keys in this state.")),
  environment: Type.Optional(literals(environments, "Only keys of this environment.")),
  q: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 100,
      description: "Only labels that contain this text.",
    }),
  ),
  sort: Type.Optional(literals(keySorts, "The order; `-` is descending.")),
});
export type ListKeysQuery = Static<typeof ListKeysQuerySchema>;

export const RevokeKeyQuerySchema = strictObject({
  reason: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 200,
      description: "Kept with the key, for the record.",
    }),
  ),
});

const windowState = nullable(
  strictObject({
    limit: Type.Integer({ examples: [60] }),
    remaining: Type.Integer({ minimum: 0, examples: [59] }),
    reset_at: timestamp("When the window ends."),
  }),
);

export const RateLimitStateSchema = strictObject(
  {
    requests_per_minute: windowState,
    requests_per_day: windowState,
    concurrent_requests: nullable(
      strictObject({
        limit: Type.Integer({ examples: [10] }),
        remaining: Type.Integer({ minimum: 0, examples: [10] }),
      }),
    ),
  },
  { title: "RateLimitState", description: "What is left of each limit; null is no such limit." },
);

const presentedFields = {
  label,
  usage: Type.Number({ minimum: 0, description: "What the key has spent, in USD.", examples: [0] }),
  limit: nullable(Type.Number({ minimum: 0 }), {
    description: "The key's spend limit in USD; null is none.",
  }),
  limit_remaining: nullable(Type.Number({ minimum: 0 }), {
    description: "What is left of the spend limit in USD; null where there is none.",
  }),
  id: keyId,
  organization_id: KeySchema.properties.organization_id,
  workspace_id: KeySchema.properties.workspace_id,
  type: KeySchema.properties.type,
  environment: KeySchema.properties.environment,
  scopes,
  allowed_models: globs("Models", "gpt-*"),
  allowed_providers: globs("Providers", "openai"),
  plan: Type.String({ description: "The plan in force.", examples: ["free"] }),
  created_at: timestamp("When the key was made."),
  expires_at: optionalTimestamp("When the key stops to work; null is never."),
  requests_total: Type.Integer({ minimum: 0, description: "Admitted requests.", examples: [42] }),
  rate_limits: RateLimitStateSchema,
};

export const PresentedKeySchema = strictObject(presentedFields, {
  title: "PresentedKey",
  description: "The key that was presented, with what is left of its limits.",
});

const asked = {
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
};

export const PresentedKeyQuerySchema = strictObject({
  scope: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 1_000,
      description: "May this be done? Several scopes are separated by spaces.",
      examples: ["execute"],
    }),
  ),
  ...asked,
});
export type PresentedKeyQuery = Static<typeof PresentedKeyQuerySchema>;

export const VerifyKeySchema = strictObject(
  {
    key: Type.String({
      minLength: 1,
      maxLength: 512,
      description: "The secret that a client sent.",
    }),
    scopes: Type.Optional(
      Type.Array(Type.String({ pattern: "^[a-zA-Z0-9:._/*-]{1,128}$" }), {
        maxItems: scopesMax,
        description: "What the request needs; all of them must be held.",
        examples: [["execute"]],
      }),
    ),
    ...asked,
    ip: Type.Optional(
      Type.String({
        minLength: 2,
        maxLength: 64,
        description: "The address of the end user, for keys with an allowlist.",
        examples: ["192.0.2.7"],
      }),
    ),
    consume: Type.Optional(
      Type.Boolean({ description: "False asks without counting a request; true by default." }),
    ),
  },
  { title: "VerifyKey", examples: [{ key: secretExample, scopes: ["execute"], ip: "192.0.2.7" }] },
);
export type VerifyKey = Static<typeof VerifyKeySchema>;

export const VerdictSchema = strictObject(
  {
    valid: Type.Boolean({ description: "True when the request may pass." }),
    code: literals(verifyCodes, "Why, in a word."),
    message: Type.String({ examples: ["The key may be used."] }),
    missing_scope: nullable(Type.String(), { description: "With INSUFFICIENT_SCOPE: which." }),
    retry_after: nullable(Type.Integer({ minimum: 1 }), {
      description: "With RATE_LIMITED: whole seconds to wait.",
    }),
    key: nullable(
      strictObject({ ...presentedFields, status: KeySchema.properties.status, metadata }),
      { description: "The key's public fields; null when there is no such key." },
    ),
  },
  { title: "Verdict", description: "Whether a key may do what was asked." },
);
export type Verdict = Static<typeof VerdictSchema>;

export const VerifyBatchSchema = strictObject(
  { keys: Type.Array(VerifyKeySchema, { minItems: 1, maxItems: verifyBatchMax }) },
  { title: "VerifyBatch", examples: [{ keys: [{ key: secretExample }] }] },
);

export const VerdictListSchema = strictObject(
  { data: Type.Array(VerdictSchema, { description: "One verdict a key, in the order asked." }) },
  { title: "VerdictList" },
);
