/** Money is whole micro-USD inside and decimal USD in JSON, with at most six decimals. */
export const microsPerUsd = 1_000_000;

/** Exact for every safe integer: the quotient has at most six decimals and prints as such. */
export function microsToUsd(micros: number): number {
  return micros / microsPerUsd;
}
