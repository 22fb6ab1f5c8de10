import { type Static, Type } from "@sinclair/typebox";
import { shortageKinds } from "../core/money.ts";
import { amount } from "../credits/amount-schemas.ts";
import {
  HoldSchema,
  holdSecondsDefault,
  holdSecondsMax,
  requestFields,
  subject,
} from "../credits/schemas.ts";
import { literals, nullable, strictObject } from "../http/schema-parts.ts";
import { scopeSyntax, scopesMax } from "../permissions/scopes.ts";
import { askedUnits } from "../prices/units-schema.ts";
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
    cost: Type.Optional(
      amount("What the request costs, in USD: it is charged with the same call.", 0.002),
    ),
    units: Type.Optional(
      askedUnits("In place of `cost`: they are charged by the price of `skill` or `model`."),
    ),
    subject: Type.Optional(subject),
    ...requestFields,
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
    charged: amount("What was charged, in USD.", 0.002),
    price_id: nullable(Type.String(), {
      description:
        "The price by which it was charged or held; null when the caller named the cost.",
    }),
    remaining_credits: amount("What the organization can still spend, in USD.", 99.998),
    shortage: nullable(
      strictObject({
        of: literals(shortageKinds, "What ran out: credits, or whose spend limit."),
        left: amount("What is left of it, in USD.", 0.001),
        asked: amount("What was asked, in USD.", 0.002),
      }),
      {
        title: "VerdictShortage",
        description:
          "With INSUFFICIENT_CREDITS and SPEND_LIMIT_REACHED: of what there is too little.",
        examples: [null],
      },
    ),
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

const { cost: _cost, units: _units, consume: _consume, ...questions } = VerifyKeySchema.properties;

export const HoldCreditsSchema = strictObject(
  {
    ...questions,
    max_cost: Type.Optional(amount("The most that the request can cost, in USD.", 0.5)),
    max_units: Type.Optional(
      askedUnits(
        "In place of `max_cost`: the most units it can take, by the price of `skill` or `model`.",
      ),
    ),
    ttl_seconds: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: holdSecondsMax,
        description: `How long it is held when nobody settles or releases it; ${holdSecondsDefault} without.`,
        examples: [holdSecondsDefault],
      }),
    ),
  },
  {
    title: "HoldCredits",
    description: "A secret, what its holder wants to do, and what that can cost.",
    examples: [{ key: secretExample, scopes: ["execute"], max_cost: 0.5, ttl_seconds: 300 }],
  },
);
export type HoldCredits = Static<typeof HoldCreditsSchema>;

export const HeldVerdictSchema = strictObject(
  {
    ...VerdictSchema.properties,
    hold: nullable(strictObject(HoldSchema.properties), {
      title: "HeldCredits",
      description: "What is held; null when the key may not.",
    }),
  },
  {
    title: "HeldVerdict",
    description: "Whether a key may do what was asked, and what is held for it.",
  },
);
export type HeldVerdict = Static<typeof HeldVerdictSchema>;

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
