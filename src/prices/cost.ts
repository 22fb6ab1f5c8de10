import type { Units } from "../core/money.ts";
import { amountMaxMicros } from "../credits/micros.ts";

/** What one request and a million tokens cost. */
export interface Rates {
  perRequestMicros: number;
  inputPerMillionMicros: number;
  outputPerMillionMicros: number;
}

const million = 1_000_000n;

/**
 * What the units cost in micro-USD. Worked out in whole numbers of any size and rounded up once, at the
 * end, so that no part is rounded by itself. Undefined for more than a single amount may be.
 */
export function costMicros(rates: Rates, units: Units): number | undefined {
  const requests = BigInt(units.requests) * BigInt(rates.perRequestMicros);
  const input = BigInt(units.input_tokens) * BigInt(rates.inputPerMillionMicros);
  const output = BigInt(units.output_tokens) * BigInt(rates.outputPerMillionMicros);
  const cost = (requests * million + input + output + million - 1n) / million;
  return cost > amountMaxMicros ? undefined : Number(cost);
}
