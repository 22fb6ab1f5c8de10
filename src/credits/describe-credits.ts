import { toOptionalTimestamp, toTimestamp } from "../http/schema-parts.ts";
import type { AccountRow, LedgerProof } from "./account-store.ts";
import { isProven } from "./account-store.ts";
import type { PriceProof } from "./explain-charges.ts";
import type { Entry, Hold } from "./ledger-state.ts";
import { microsToUsd } from "./micros.ts";
import type { HoldAnswer, LedgerEntry } from "./schemas.ts";
import { availableMicros } from "./shortage.ts";

/** A movement as the API shows it. */
export function describeEntry(entry: Entry): LedgerEntry {
  return {
    id: entry.id,
    at: toTimestamp(entry.atMs),
    kind: entry.kind,
    amount: microsToUsd(entry.amountMicros),
    balance: microsToUsd(entry.balanceMicros),
    key_id: entry.keyId,
    workspace_id: entry.workspaceId,
    user_id: entry.userId,
    subject: entry.subject,
    request_id: entry.requestId,
    attempt: entry.attempt,
    hold_id: entry.holdId,
    reason: entry.reason,
    created_by: entry.createdBy,
    price_id: entry.priceId,
    units: entry.units,
  };
}

/** A hold as the API shows it. */
export function describeHold(hold: Hold): HoldAnswer {
  const { settledMicros } = hold;
  return {
    id: hold.id,
    key_id: hold.keyId,
    state: hold.state,
    amount: microsToUsd(hold.amountMicros),
    settled: settledMicros === null ? null : microsToUsd(settledMicros),
    price_id: hold.priceId,
    created_at: toTimestamp(hold.createdAtMs),
    expires_at: toTimestamp(hold.expiresAtMs),
    ended_at: toOptionalTimestamp(hold.endedAtMs),
  };
}

/** An account as the API shows it. */
export function describeAccount(account: AccountRow) {
  const { balanceMicros, heldMicros, lowBalanceMicros } = account;
  return {
    balance: microsToUsd(balanceMicros),
    held: microsToUsd(heldMicros),
    available: microsToUsd(availableMicros(account)),
    low_balance_threshold: microsToUsd(lowBalanceMicros),
  };
}

/** A proof as the API shows it. */
export function describeProof(proof: LedgerProof, { charges, unexplained }: PriceProof) {
  return {
    valid: isProven(proof) && unexplained.length === 0,
    entries: proof.entries,
    sum: microsToUsd(proof.sumMicros),
    balance: microsToUsd(proof.balanceMicros),
    open_holds: microsToUsd(proof.holdsMicros),
    held: microsToUsd(proof.heldMicros),
    charges_by_price: charges,
    unexplained,
  };
}
