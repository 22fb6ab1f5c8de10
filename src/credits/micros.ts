/** Money is whole micro-USD inside and decimal USD in JSON, with at most six decimals. */
export const microsPerUsd = 1_000_000;

/** The largest single amount: a billion USD. */
export const amountMaxMicros = 1_000_000_000 * microsPerUsd;
/** The largest balance: nine billion USD, which a double still counts in micro-USD. */
export const balanceMaxMicros = 9_000_000_000 * microsPerUsd;

/** Exact for every safe integer: the quotient has at most six decimals and prints as such. */
export function microsToUsd(micros: number): number {
  return micros / microsPerUsd;
}

/**
 * Whole micro-USD of an amount in USD; undefined for what is none: negative, not finite, too large, or
 * with more than six decimals, which would have to be rounded in somebody's favour.
 */
export function usdToMicros(usd: number): number | undefined {
  const micros = Math.round(usd * microsPerUsd);
  if (!(usd >= 0) || micros > amountMaxMicros) return undefined;
  return micros / microsPerUsd === usd ? micros : undefined;
}

/** The sum of amounts in USD, without what floats would add to it. */
export function sumUsd(amounts: readonly number[]): number {
  return microsToUsd(amounts.reduce((sum, usd) => sum + Math.round(usd * microsPerUsd), 0));
}
