// The closed lists of words about money: columns, schemas and rules share them.

export const entryKinds = [
  "grant",
  "purchase",
  "refund",
  "adjustment",
  "charge",
  "expiry",
] as const;
export type EntryKind = (typeof entryKinds)[number];

export const holdStates = ["open", "settled", "released", "expired"] as const;
export type HoldState = (typeof holdStates)[number];

/** When a spend limit begins anew, at midnight UTC; weeks begin on Monday. */
export const spendResets = ["never", "daily", "weekly", "monthly"] as const;
export type SpendReset = (typeof spendResets)[number];

/** What can run out: the balance, or somebody's spend limit. */
export const shortageKinds = ["credits", "key", "workspace", "user"] as const;
export type ShortageKind = (typeof shortageKinds)[number];

/** What a price is for: a request by skill, or tokens by model. */
export const priceKinds = ["skill", "model"] as const;
export type PriceKind = (typeof priceKinds)[number];

/** What a price is multiplied by; the names are those of the API, and of the ledger's column. */
export interface Units {
  requests: number;
  input_tokens: number;
  output_tokens: number;
}

/** An auto-recharge that was asked for, and what became of it. */
export const rechargeStates = ["requested", "fulfilled", "declined"] as const;
export type RechargeState = (typeof rechargeStates)[number];
