import type { EntryKind, HoldState, SpendReset, Units } from "../core/money.ts";
import type { Shortage } from "./shortage.ts";
import type { Spend } from "./spend-windows.ts";

/** What an organization has, as it was read, and as the changes so far leave it. */
export interface Account {
  readonly organizationId: string;
  balanceMicros: number;
  heldMicros: number;
  readonly lowBalanceMicros: number;
  /** Counts what added credits: an event of running low is told once after each. */
  readonly topUps: number;
  /** What could be spent, as it was read. */
  readonly availableBeforeMicros: number;
  /** As it was read: the write is taken back when it has moved on. */
  readonly version: number;
  isChanged: boolean;
}

/** Who spends by a key: the key, its workspace, its user. Each may have a limit. */
export interface Spender {
  readonly id: string;
  readonly kind: "key" | "workspace" | "user";
  readonly limitMicros: number | null;
  readonly reset: SpendReset;
}

export interface KeyOwners {
  readonly keyId: string;
  readonly organizationId: string;
  readonly workspaceId: string;
  readonly userId: string | null;
  readonly spenders: readonly Spender[];
}

/** Credits that end one day; what is left of them is spent first. */
export interface CreditGrant {
  readonly id: string;
  readonly organizationId: string;
  remainingMicros: number;
  readonly expiresAtMs: number;
  isChanged: boolean;
}

export interface Hold {
  readonly id: string;
  readonly organizationId: string;
  readonly keyId: string;
  readonly amountMicros: number;
  state: HoldState;
  readonly subject: string | null;
  readonly requestId: string;
  readonly attempt: number;
  readonly admittedAtMs: number;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  endedAtMs: number | null;
  settledMicros: number | null;
  /** The price in force when it was admitted, by which units are settled. */
  readonly priceId: string | null;
}

/** A movement of credits, as it goes into the ledger. */
export interface Entry {
  readonly id: string;
  readonly organizationId: string;
  readonly atMs: number;
  readonly kind: EntryKind;
  readonly amountMicros: number;
  readonly balanceMicros: number;
  readonly keyId: string | null;
  readonly workspaceId: string | null;
  readonly userId: string | null;
  readonly subject: string | null;
  readonly requestId: string | null;
  readonly attempt: number | null;
  readonly holdId: string | null;
  readonly grantId: string | null;
  readonly reason: string | null;
  readonly createdBy: string;
  /** The price it was worked out by, and what that was multiplied by; null when the caller named the cost. */
  readonly priceId: string | null;
  readonly units: Units | null;
}

/** A charge or a hold that was refused, and by what. */
export interface Refusal {
  readonly key: KeyOwners;
  readonly shortage: Shortage;
}

/** Everything that one batch of changes rests on, read together, and what they make of it. */
export interface LedgerState {
  readonly accounts: Map<string, Account>;
  readonly keys: Map<string, KeyOwners>;
  readonly spends: Map<string, Spend>;
  readonly changedSpends: Set<string>;
  /** By organization, the soonest to expire first. */
  readonly grants: Map<string, CreditGrant[]>;
  readonly holds: Map<string, Hold>;
  readonly changedHolds: Set<Hold>;
  /** What was charged or held for a request of a key before, by `requestName`. */
  readonly charged: Map<string, Entry>;
  readonly heldFor: Map<string, Hold>;
  readonly entries: Entry[];
  /** Charges and holds for which there was too little. */
  readonly refusals: Refusal[];
}

/** The name of a request and attempt of a key: twice is once. */
export function requestName(request: {
  keyId: string;
  requestId: string;
  attempt: number;
}): string {
  return `${request.keyId} ${request.attempt} ${request.requestId}`;
}
