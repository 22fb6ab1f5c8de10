import { dayMs } from "../core/clock.ts";
import { microsToUsd } from "../credits/micros.ts";
import { noSpend, rollSpend, type Spend, spentSince } from "../credits/spend-windows.ts";
import type { Grant, LiveKey } from "./live-key.ts";

/** What `GET /key` says of money, until the spend changes or the day ends. */
export interface MoneyText {
  text: string;
  /** By the window clock. */
  untilMs: number;
}

/** The money fields of a key as the middle of a JSON object, with a comma at the end. */
export function moneyTextOf(live: LiveKey, windowMs: number): string {
  const known = live.money;
  if (known !== undefined && windowMs < known.untilMs) return known.text;
  const fields = JSON.stringify(moneyFields(live.grant, spendAt(live, windowMs)));
  const text = `${fields.slice(1, -1)},`;
  live.money = { text, untilMs: (Math.floor(windowMs / dayMs) + 1) * dayMs };
  return text;
}

function spendAt(live: LiveKey, windowMs: number): Spend {
  if (live.spend === null) return noSpend(windowMs);
  const spend = { ...live.spend };
  rollSpend(spend, windowMs);
  return spend;
}

/** The money fields of a key. */
export function moneyFields({ spendLimitMicros: limit, spendReset }: Grant, spend: Spend) {
  const spent = spentSince(spend, spendReset) + spend.heldMicros;
  return {
    usage: microsToUsd(spend.totalMicros),
    usage_daily: microsToUsd(spend.dayMicros),
    usage_weekly: microsToUsd(spend.weekMicros),
    usage_monthly: microsToUsd(spend.monthMicros),
    limit: limit === null ? null : microsToUsd(limit),
    limit_reset: limit === null ? null : spendReset,
    limit_remaining: limit === null ? null : microsToUsd(Math.max(0, limit - spent)),
  };
}

/** What is said when credits run low, with a comma before it; empty otherwise. */
export function balanceWarning({ account }: Grant): string {
  if (account.version === 0 || account.availableMicros >= account.lowBalanceMicros) return "";
  return `,"_balance_warning":true,"_remaining_credits":${microsToUsd(account.availableMicros)}`;
}
