import { type Static, Type } from "@sinclair/typebox";
import { literals, nullable, strictObject } from "../http/schema-parts.ts";
import { scopeSyntax, scopesMax } from "../permissions/scopes.ts";
import { verifyCodes } from "./decide.ts";
import { KeySchema } from "./key-schemas.ts";
import { asked, presentedFields } from "./presented-schemas.ts";
import { metadata, secretExample } from "./schema-fields.ts";

export const verifyBatchMax = 100;

export const VerifyKeySchema = strictObject(
  {
    key: Type.String({
      minLength: 1,
      maxLength: 512,
      description: "The secret that a client sent.",
      examples: [secretExample],
    }),
    scopes: Type.Optional(
      Type.Array(Type.String({ pattern: `^${scopeSyntax}$` }), {
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
      Type.Boolean({
        description: "False asks without counting a request; true by default.",
        examples: [true],
      }),
    ),
  },
  {
    title: "VerifyKey",
    description: "A secret, and what its holder wants to do.",
    examples: [{ key: secretExample, scopes: ["execute"], ip: "192.0.2.7" }],
  },
);
export type VerifyKey = Static<typeof VerifyKeySchema>;

export const VerdictSchema = strictObject(
  {
    valid: Type.Boolean({ description: "True when the request may pass.", examples: [true] }),
    code: literals(verifyCodes, "Why, in a word."),
    message: Type.String({
      description: "The same for a person.",
      examples: ["The key may be used."],
    }),
    missing_scope: nullable(Type.String(), { description: "With INSUFFICIENT_SCOPE: which." }),
    retry_after: nullable(Type.Integer({ minimum: 1 }), {
      description: "With RATE_LIMITED: whole seconds to wait.",
    }),
    key: nullable(
      strictObject({ ...presentedFields, status: KeySchema.properties.status, metadata }),
      {
        title: "VerifiedKey",
        description: "The key's public fields; null when there is no such key.",
      },
    ),
  },
  { title: "Verdict", description: "Whether a key may do what was asked." },
);
export type Verdict = Static<typeof VerdictSchema>;

export const VerifyBatchSchema = strictObject(
  { keys: Type.Array(VerifyKeySchema, { minItems: 1, maxItems: verifyBatchMax }) },
  {
    title: "VerifyBatch",
    description: "Up to 100 questions at once.",
    examples: [{ keys: [{ key: secretExample }] }],
  },
);

export const VerdictListSchema = strictObject(
  { data: Type.Array(VerdictSchema, { description: "One verdict a key, in the order asked." }) },
  { title: "VerdictList", description: "The verdicts." },
);
