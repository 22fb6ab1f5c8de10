import type { Database } from "../db/client.ts";
import { costMicros } from "../prices/cost.ts";
import { type PriceRow, readPrices } from "../prices/price-store.ts";
import { type ChargeByPrice, eachChargeByPrice } from "./charge-store.ts";

/** Ids of charges that are named; a ledger that is wrong is mostly wrong all over. */
const namedMax = 20;

export interface PriceProof {
  /** How many charges name a price. */
  charges: number;
  /** The ids of the first of them whose amount is not what their price and units come to. */
  unexplained: string[];
}

/** Works every charge by price out again: those of one organization, or all. */
export async function explainCharges(db: Database, organizationId?: string): Promise<PriceProof> {
  let prices = new Map<string, PriceRow>();
  const proof: PriceProof = { charges: 0, unexplained: [] };
  for await (const charges of eachChargeByPrice(db, organizationId)) {
    proof.charges += charges.length;
    // Prices are set while this runs, and each before the first charge by it.
    if (charges.some(({ priceId }) => !prices.has(priceId))) {
      prices = new Map((await readPrices(db)).map((price) => [price.id, price]));
    }
    const wrong = charges.filter((charge) => !isExplained(charge, prices.get(charge.priceId)));
    proof.unexplained.push(...wrong.map(({ id }) => id));
    proof.unexplained.splice(namedMax);
  }
  return proof;
}

/** The price held when the charge, or the hold it was settled from, was admitted, and comes to the amount. */
function isExplained(charge: ChargeByPrice, price: PriceRow | undefined): boolean {
  const { amountMicros, units, admittedAtMs } = charge;
  if (price === undefined || units === null) return false;
  if (price.isEnd || price.effectiveFromMs > admittedAtMs) return false;
  return costMicros(price, units) === -amountMicros;
}
