import { type Static, Type } from "@sinclair/typebox";
import { priceKinds } from "../core/money.ts";
import { amount } from "../credits/amount-schemas.ts";
import { pageParameters, pageSchema } from "../http/pagination.ts";
import {
  id,
  literals,
  optionalTimestamp,
  printableLine,
  strictObject,
  timestamp,
} from "../http/schema-parts.ts";
import { skillPatternLengthMax } from "../permissions/skills.ts";

const priceId = id("Id of this version of the price.", "prc_019aa4c1f7e57c01a6e1b8c2d4f60a31");

const fields = {
  kind: literals(priceKinds, "A `skill` is priced by request, a `model` by token."),
  subject: Type.String({
    minLength: 1,
    maxLength: skillPatternLengthMax,
    pattern: printableLine,
    description:
      "The skill or model, or a pattern of them: `github/*`, `gpt-*`, `*`. The most specific price goes first.",
    examples: ["github/create-issue"],
  }),
};

const rates = {
  per_request: amount("For a request, in USD.", 0.01),
  per_million_input_tokens: amount("For a million tokens of input, in USD.", 0),
  per_million_output_tokens: amount("For a million tokens of output, in USD.", 0),
};

const moment = (description: string, example: string) =>
  Type.Optional(Type.String({ format: "date-time", description, examples: [example] }));

export const PriceSchema = strictObject(
  {
    id: priceId,
    ...fields,
    ...rates,
    ended: Type.Boolean({
      description: "True for a version that ends the price: from then on there is none.",
      examples: [false],
    }),
    effective_from: timestamp("From when on it holds."),
    effective_until: optionalTimestamp(
      "When the next version takes its place; null while none is known.",
    ),
    created_at: timestamp("When it was set."),
    created_by: Type.String({
      description: "The key or user who set it.",
      examples: ["key_019aa4c1f7e07a3cb1f60d6f5e2a9b14"],
    }),
  },
  { title: "Price", description: "A version of a price; it is never changed." },
);
export type Price = Static<typeof PriceSchema>;

export const PricePageSchema = pageSchema(
  PriceSchema,
  "PricePage",
  "A page of prices, the first that was set first.",
);

/** The parameters of the list that `order` names. */
export const listPricesQuery = (order: string) =>
  strictObject({
    ...pageParameters(order),
    kind: Type.Optional(fields.kind),
    subject: Type.Optional(fields.subject),
    at: moment("Those in force at this moment; now without.", "2099-01-01T00:00:00.000Z"),
    versions: Type.Optional(
      literals(
        ["in_force", "all"] as const,
        "`in_force`, or `all` that ever were set, those to come included.",
      ),
    ),
  });
export type ListPrices = Static<ReturnType<typeof listPricesQuery>>;

const effectiveFrom = moment(
  "From when on; now without, and never earlier: what was charged stays explained.",
  "2099-01-01T00:00:00.000Z",
);

export const SetPriceSchema = strictObject(
  {
    ...fields,
    per_request: Type.Optional(rates.per_request),
    per_million_input_tokens: Type.Optional(rates.per_million_input_tokens),
    per_million_output_tokens: Type.Optional(rates.per_million_output_tokens),
    effective_from: effectiveFrom,
  },
  {
    title: "SetPrice",
    description:
      "The price from a moment on: `per_request` of a skill; `per_million_input_tokens` and `per_million_output_tokens` of a model, and `per_request` beside them.",
    examples: [{ kind: "skill", subject: "github/create-issue", per_request: 0.01 }],
  },
);
export type SetPrice = Static<typeof SetPriceSchema>;

export const EndPriceSchema = strictObject(
  { ...fields, effective_from: effectiveFrom },
  {
    title: "EndPrice",
    description: "Which price, and from when on there is none.",
    examples: [{ kind: "skill", subject: "github/create-issue" }],
  },
);
export type EndPrice = Static<typeof EndPriceSchema>;

export const priceParams = Type.Object({ id: priceId });
