import { type Static, Type } from "@sinclair/typebox";
import { environments, keyTypes } from "../crypto/secret-format.ts";
import {
  literals,
  nullable,
  optionalTimestamp,
  strictObject,
  timestamp,
} from "../http/schema-parts.ts";
import * as fields from "./schema-fields.ts";

export const keyStatuses = ["active", "disabled", "expired", "revoked"] as const;
export type KeyStatus = (typeof keyStatuses)[number];

export const KeySchema = strictObject(
  {
    id: fields.keyId,
    organization_id: Type.String({
      description: "Id of the organization, which pays.",
      examples: ["org_019aa4c1f7d87c01a6e1b8c2d4f60a11"],
    }),
    workspace_id: Type.String({
      description: "Id of the workspace the key belongs to.",
      examples: ["ws_019aa4c1f7d97c01a6e1b8c2d4f60a12"],
    }),
    user_id: fields.userId,
    type: literals(keyTypes, "What kind of key it is."),
    environment: literals(environments, "Live or test."),
    label: fields.label,
    description: fields.description,
    key_prefix: Type.String({
      description: "The first 8 characters of the secret's body, to recognize it by.",
      examples: ["3f9c2a7d"],
    }),
    status: literals(keyStatuses, "Whether the key can be used, and why not."),
    scopes: fields.scopes,
    hats: fields.hats,
    instance_wide: Type.Boolean({
      description:
        "True for a management key of the operator, which is not bound to an organization.",
      examples: [false],
    }),
    plan: fields.plan,
    limits: Type.Required(fields.limits),
    spend_limit: fields.spendLimit,
    spend_limit_reset: fields.spendLimitReset,
    allowed_models: fields.globs("Models", "gpt-*"),
    allowed_providers: fields.globs("Providers", "openai"),
    ip_allowlist: fields.ipAllowlist,
    metadata: fields.metadata,
    enabled: Type.Boolean({
      description: "False switches the key off until it is true again.",
      examples: [true],
    }),
    expires_at: optionalTimestamp("When the key stops to work; null is never."),
    created_at: timestamp("When the key was made."),
    created_by: Type.String({
      description: "The id of the user or key that made it, `cli` or `system`.",
      examples: ["key_019aa4c1f7da7c01a6e1b8c2d4f60a13"],
    }),
    updated_at: timestamp("When the key was last changed."),
    last_used_at: optionalTimestamp("The last admitted request; at most some seconds behind."),
    requests_total: Type.Integer({ minimum: 0, description: "Admitted requests.", examples: [0] }),
    rotated_at: optionalTimestamp("When the key last got a new secret."),
    previous_secret: nullable(
      strictObject({
        key_prefix: Type.String({
          description: "The first 8 characters of the old secret's body.",
          examples: ["b20d51c4"],
        }),
        expires_at: timestamp("Until when the old secret works."),
        last_used_at: optionalTimestamp("The last use of the old secret since the rotation."),
      }),
      {
        title: "PreviousSecret",
        description: "The secret that was rotated away last, while it is remembered.",
        examples: [null],
      },
    ),
    revoked_at: optionalTimestamp("When the key was revoked."),
    revoked_by: nullable(Type.String(), {
      description: "The id of the user or key that revoked it, `cli` or `system`.",
    }),
    revoke_reason: nullable(Type.String(), {
      description: "What was given as the reason.",
    }),
  },
  { title: "Key", description: "A key, without its secret." },
);
export type Key = Static<typeof KeySchema>;

export const KeyWithSecretSchema = strictObject(
  {
    ...KeySchema.properties,
    secret: Type.String({
      description: "The whole secret. It is shown in this answer only and cannot be had again.",
      examples: [fields.secretExample],
    }),
  },
  { title: "KeyWithSecret", description: "A key with its new secret." },
);
export type KeyWithSecret = Static<typeof KeyWithSecretSchema>;

export const keyParams = Type.Object({
  id: Type.String({
    minLength: 1,
    maxLength: 64,
    description: "Id of the key.",
    examples: ["key_019aa4c1f7e07a3cb1f60d6f5e2a9b14"],
  }),
});
