import { type Static, Type } from "@sinclair/typebox";
import { environments, lastingKeyTypes } from "../crypto/secret-format.ts";
import { literals, optionalTimestamp, printableLine, strictObject } from "../http/schema-parts.ts";
import { KeySchema } from "./key-schemas.ts";
import * as fields from "./schema-fields.ts";

export const expiresInSecondsMax = 10 * 366 * 86_400;
export const gracePeriodSecondsMax = 30 * 86_400;

/** Names for the usual sets of scopes. */
export const scopePresets = {
  "read-only": ["discover"],
  "full-access": ["discover", "execute"],
} as const;
const presetNames = Object.keys(scopePresets) as (keyof typeof scopePresets)[];

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

/** What a key may do: given at its making, and changed later. */
const permissions = {
  scopes: Type.Optional(fields.writtenScopes),
  hats: Type.Optional(fields.hats),
  plan: Type.Optional(fields.plan),
  limits: Type.Optional(fields.limits),
  spend_limit: Type.Optional(fields.spendLimit),
  spend_limit_reset: Type.Optional(fields.spendLimitReset),
  allowed_models: Type.Optional(fields.globs("Models", "gpt-*")),
  allowed_providers: Type.Optional(fields.globs("Providers", "openai")),
  ip_allowlist: Type.Optional(fields.ipAllowlist),
  metadata: Type.Optional(fields.metadata),
};

export const CreateKeySchema = strictObject(
  {
    label: fields.label,
    description: Type.Optional(fields.description),
    type: Type.Optional(
      literals(
        lastingKeyTypes,
        "What kind of key; `workspace` by default. A `user` key is made by its user, logged in.",
      ),
    ),
    environment: Type.Optional(literals(environments, "`live` by default.")),
    workspace_id: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 64,
        description: "The workspace; the caller's own by default.",
        examples: ["ws_019aa4c1f7d97c01a6e1b8c2d4f60a12"],
      }),
    ),
    preset: Type.Optional(
      literals(
        presetNames,
        "In place of scopes: `read-only` is `discover`, `full-access` is `discover` and `execute`.",
      ),
    ),
    instance_wide: Type.Optional(
      Type.Boolean({
        description: "True, which takes the operator, makes a management key of the operator's.",
        examples: [false],
      }),
    ),
    ...permissions,
    ...expiry,
  },
  {
    title: "CreateKey",
    description: "What the new key is and may do. Only the label is needed.",
    examples: [
      {
        label: "production backend",
        scopes: ["discover", "execute"],
        limits: { requests_per_minute: 60, requests_per_day: 1_000 },
        expires_in_seconds: 7_776_000,
        metadata: { team: "search" },
      },
    ],
  },
);
export type CreateKey = Static<typeof CreateKeySchema>;

export const UpdateKeySchema = strictObject(
  {
    label: Type.Optional(fields.label),
    description: Type.Optional(fields.description),
    enabled: Type.Optional(
      Type.Boolean({ description: "False switches the key off.", examples: [true] }),
    ),
    ...permissions,
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
  {
    title: "RotateKey",
    description: "How the old secret ends.",
    examples: [{ grace_period_seconds: 3600 }],
  },
);
export type RotateKey = Static<typeof RotateKeySchema>;

export const RevokeKeyQuerySchema = strictObject({
  reason: Type.Optional(
    Type.String({
      pattern: printableLine,
      minLength: 1,
      maxLength: 200,
      description: "Kept with the key, for the record.",
      examples: ["The laptop it was on is lost."],
    }),
  ),
});

export const revokeBatchMax = 100;

export const RevokeKeysSchema = strictObject(
  {
    ids: Type.Array(Type.String({ minLength: 1, maxLength: 64 }), {
      minItems: 1,
      maxItems: revokeBatchMax,
      description: "The keys to revoke.",
      examples: [["key_019aa4c1f7e07a3cb1f60d6f5e2a9b14"]],
    }),
    reason: RevokeKeyQuerySchema.properties.reason,
    dry_run: Type.Optional(
      Type.Boolean({
        description: "True only tells which keys it would be; false by default.",
        examples: [true],
      }),
    ),
  },
  {
    title: "RevokeKeys",
    description: "Which keys to revoke.",
    examples: [{ ids: ["key_019aa4c1f7e07a3cb1f60d6f5e2a9b14"], dry_run: true }],
  },
);

export const RevokedKeysSchema = strictObject(
  {
    data: Type.Array(KeySchema, { description: "The keys, in the order asked." }),
    dry_run: Type.Boolean({ description: "True when nothing was done.", examples: [true] }),
  },
  { title: "RevokedKeys", description: "The keys that were revoked, or would be." },
);
