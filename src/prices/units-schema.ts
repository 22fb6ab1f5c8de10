import { type Static, Type } from "@sinclair/typebox";
import { strictObject } from "../http/schema-parts.ts";

/** The most of one unit in one charge. */
export const unitsMax = 1_000_000_000_000;

const unit = (description: string, example: number) =>
  Type.Integer({ minimum: 0, maximum: unitsMax, description, examples: [example] });

const units = {
  requests: unit("Requests; 1 without.", 1),
  input_tokens: unit("Tokens of input.", 1_200),
  output_tokens: unit("Tokens of output.", 300),
};

/** What was charged, as the ledger shows it. */
export const UnitsSchema = strictObject(units);

/** What is to be charged by price. */
export const askedUnits = (description: string) =>
  strictObject(
    {
      requests: Type.Optional(units.requests),
      input_tokens: Type.Optional(units.input_tokens),
      output_tokens: Type.Optional(units.output_tokens),
    },
    { description, examples: [{ requests: 1 }] },
  );
export type AskedUnits = Static<ReturnType<typeof askedUnits>>;
