import { type NumberOptions, Type } from "@sinclair/typebox";
import { invalidField } from "../core/errors.ts";
import { usdToMicros } from "./micros.ts";

/** An amount in USD, of six decimals at most, which `readAmount` checks. */
export function amount(description: string, example: number, options: NumberOptions = {}) {
  return Type.Number({
    minimum: 0,
    ...options,
    description,
    examples: [example],
  });
}

/** Whole micro-USD of an amount of a request. Throws 422 for one that is none. */
export function readAmount(param: string, usd: number): number {
  const micros = usdToMicros(usd);
  if (micros !== undefined) return micros;
  throw invalidField(param, "Not an amount in USD: 0 to a billion, with at most 6 decimals.");
}
