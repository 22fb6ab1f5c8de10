import { microsToUsd } from "../credits/micros.ts";
import { toOptionalTimestamp, toTimestamp } from "../http/schema-parts.ts";
import type { RechargeRow, RuleRow } from "./recharge-store.ts";
import type { Recharge, RechargeRule } from "./schemas.ts";

/** The rule as the API shows it. */
export function describeRule(rule: RuleRow): RechargeRule {
  return {
    below: microsToUsd(rule.belowMicros),
    add: microsToUsd(rule.addMicros),
    monthly_max: microsToUsd(rule.monthlyMaxMicros),
    updated_at: toTimestamp(rule.updatedAtMs),
  };
}

/** The recharge as the API shows it. */
export function describeRecharge(row: RechargeRow): Recharge {
  return {
    id: row.id,
    organization_id: row.organizationId,
    amount: microsToUsd(row.amountMicros),
    state: row.state,
    requested_at: toTimestamp(row.requestedAtMs),
    ended_at: toOptionalTimestamp(row.endedAtMs),
    entry_id: row.entryId,
  };
}
