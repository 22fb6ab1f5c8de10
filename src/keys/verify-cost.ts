import { DomainError, invalidField } from "../core/errors.ts";
import { readAmount } from "../credits/amount-schemas.ts";
import type { Ledger } from "../credits/ledger.ts";
import type { Cost } from "../credits/movements.ts";
import type { PriceBook } from "../prices/price-book.ts";
import { type Priced, priceAt, quote, readPriced } from "../prices/quote.ts";
import type { AskedUnits } from "../prices/units-schema.ts";
import type { KeyGate } from "./key-gate.ts";
import type { HoldCredits, VerifyKey } from "./verify-schemas.ts";

/** What a call is to cost: an amount that the caller names, or units of what has a price. */
export interface AskedCost {
  /** False for a call without money. */
  isSome: boolean;
  /** Whether it goes by a price, which must not change meanwhile. */
  isByPrice: boolean;
  /** The cost at a moment. An error is returned and not thrown: a batch of charges goes on. */
  at(wallMs: number): Cost | DomainError;
}

/** The cost of a verification. Throws 422 for what is no amount, and for a cost beside units. */
export function readCost(input: VerifyKey, book: PriceBook): AskedCost {
  const { cost, units } = input;
  if (units !== undefined) {
    if (cost !== undefined) throw invalidField("units", "Give cost or units, not both.");
    return byPrice(book, { priced: readPriced("units", input), units, param: "units" });
  }
  const micros = readAmount("cost", cost ?? 0);
  return { isSome: micros > 0, isByPrice: false, at: () => ({ micros }) };
}

/**
 * The most that a call can cost. The price in force is kept with the hold, also beside an amount, so that
 * it can be settled by units. Throws like `readCost`, and 422 for neither.
 */
export function readMaxCost(input: HoldCredits, book: PriceBook): AskedCost {
  const { max_cost, max_units: units, skill, model } = input;
  if (units !== undefined) {
    if (max_cost !== undefined)
      throw invalidField("max_units", "Give max_cost or max_units, not both.");
    return byPrice(book, { priced: readPriced("max_units", input), units, param: "max_units" });
  }
  if (max_cost === undefined) throw invalidField("max_cost", "Give max_cost or max_units.");
  const micros = readAmount("max_cost", max_cost);
  if ((skill === undefined) === (model === undefined)) {
    return { isSome: true, isByPrice: false, at: () => ({ micros }) };
  }
  const priced = readPriced("max_cost", input);
  const at = (wallMs: number) => {
    const price = priceAt(book, priced, wallMs);
    return { micros, priceId: price instanceof DomainError ? null : price.id };
  };
  return { isSome: true, isByPrice: true, at };
}

function byPrice(
  book: PriceBook,
  { priced, units, param }: { priced: Priced; units: AskedUnits; param: string },
): AskedCost {
  const at = (wallMs: number) => {
    const price = priceAt(book, priced, wallMs);
    return price instanceof DomainError ? price : quote(price, units, param);
  };
  return { isSome: true, isByPrice: true, at };
}

/**
 * Throws the 422 of a cost that cannot be worked out, before any key of a batch is charged. A repeated
 * request needs no price: it gets the same again, also when its price has ended since.
 */
export async function requireCosts(
  inputs: readonly VerifyKey[],
  { gate, ledger, prices }: { gate: KeyGate; ledger: Ledger; prices: { book: PriceBook } },
): Promise<void> {
  const wallMs = gate.clock.nowMs();
  for (const [index, input] of inputs.entries()) {
    const fault = faultOf(input, prices.book, wallMs);
    if (fault === undefined) continue;
    const { code, message, options } = fault;
    if (code === "price_not_found" && (await isRepeated(input, { gate, ledger }))) continue;
    throw new DomainError(code, message, { ...options, param: `keys.${index}.${options.param}` });
  }
}

async function isRepeated(
  { key, request_id: requestId, attempt = 1 }: VerifyKey,
  { gate, ledger }: { gate: KeyGate; ledger: Ledger },
): Promise<boolean> {
  if (requestId === undefined) return false;
  const secret = await gate.find(key);
  if (secret === undefined) return false;
  return (await ledger.findCharged([{ keyId: secret.live.id, requestId, attempt }])).size > 0;
}

function faultOf(input: VerifyKey, book: PriceBook, wallMs: number): DomainError | undefined {
  try {
    const cost = readCost(input, book).at(wallMs);
    return cost instanceof DomainError ? cost : undefined;
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
}
