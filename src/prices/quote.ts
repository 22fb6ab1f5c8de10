import { DomainError, invalidField } from "../core/errors.ts";
import type { PriceKind, Units } from "../core/money.ts";
import { amountMaxMicros, microsToUsd } from "../credits/micros.ts";
import { costMicros } from "./cost.ts";
import type { PriceBook } from "./price-book.ts";
import type { PriceRow } from "./price-store.ts";
import type { AskedUnits } from "./units-schema.ts";

/** What a charge comes to by a price. */
export interface Quote {
  micros: number;
  priceId: string;
  units: Units;
}

/** The skill or model that a call is priced as. */
export interface Priced {
  kind: PriceKind;
  subject: string;
}

/** What a call is priced as: its skill or its model. Throws 422 for both and for neither. */
export function readPriced(param: string, call: { skill?: string; model?: string }): Priced {
  const { skill, model } = call;
  if (skill !== undefined && model === undefined) return { kind: "skill", subject: skill };
  if (model !== undefined && skill === undefined) return { kind: "model", subject: model };
  throw invalidField(param, "Name the one skill or the one model that is priced, not both.");
}

/** The price in force at a moment. An error is returned and not thrown: a batch of charges goes on. */
export function priceAt(book: PriceBook, priced: Priced, atMs: number): PriceRow | DomainError {
  const { kind, subject } = priced;
  const price = book.inForce(kind, subject, atMs);
  if (price !== undefined) return price;
  return new DomainError(
    "price_not_found",
    `There is no price of the ${kind} ${subject} in force. The operator sets one.`,
    { param: kind },
  );
}

/** What units cost by a price. Returns a 422 for tokens of a skill, and for more than an amount may be. */
export function quote(price: PriceRow, asked: AskedUnits, param: string): Quote | DomainError {
  const { requests = 1, input_tokens = 0, output_tokens = 0 } = asked;
  const units = { requests, input_tokens, output_tokens };
  if (price.kind === "skill" && input_tokens + output_tokens > 0) {
    return invalidField(param, "A skill is priced by request, not by token.");
  }
  const micros = costMicros(price, units);
  if (micros !== undefined) return { micros, priceId: price.id, units };
  return invalidField(param, `They cost more than ${microsToUsd(amountMaxMicros)} USD.`);
}
