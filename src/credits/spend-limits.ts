import { definedFields } from "../core/defined-fields.ts";
import type { SpendReset } from "../core/money.ts";
import { readAmount } from "./amount-schemas.ts";
import { microsToUsd } from "./micros.ts";
import { leftOf } from "./shortage.ts";
import { noSpend, rollSpend, type Spend } from "./spend-windows.ts";

/** The columns of a spend limit, of a key, a workspace or a member. */
export interface SpendLimit {
  spendLimitMicros: number | null;
  spendReset: SpendReset;
}

/** The columns that the given fields set. Throws 422 for what is no amount. */
export function spendLimitColumns(input: {
  spend_limit?: number | null;
  spend_limit_reset?: SpendReset;
}): Partial<SpendLimit> {
  return definedFields({
    spendLimitMicros: input.spend_limit && readAmount("spend_limit", input.spend_limit),
    spendReset: input.spend_limit_reset,
  });
}

/** A spend limit as the API shows it, with what was spent and what is left of it now. */
export function describeSpend(
  { spendLimitMicros: limitMicros, spendReset: reset }: SpendLimit,
  spent: Spend | undefined,
  nowMs: number,
) {
  const spend = spent === undefined ? noSpend(nowMs) : { ...spent };
  rollSpend(spend, nowMs);
  const left = leftOf({ limitMicros, reset }, spend);
  return {
    spend_limit: limitMicros === null ? null : microsToUsd(limitMicros),
    spend_limit_reset: reset,
    usage: microsToUsd(spend.totalMicros),
    limit_remaining: left === null ? null : microsToUsd(left),
  };
}
