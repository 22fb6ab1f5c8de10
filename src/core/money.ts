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
