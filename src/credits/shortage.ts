import type { ShortageKind } from "../core/money.ts";
import type { Account, KeyOwners, LedgerState, Spender } from "./ledger-state.ts";
import { noSpend, rollSpend, type Spend, spentSince } from "./spend-windows.ts";

/** Which limit refuses, what is left of it and what was asked. */
export interface Shortage {
  of: ShortageKind;
  leftMicros: number;
  askedMicros: number;
}

/** What the account can still spend. */
export function availableMicros({
  balanceMicros,
  heldMicros,
}: Pick<Account, "balanceMicros" | "heldMicros">): number {
  return balanceMicros - heldMicros;
}

/**
 * Why an amount cannot be spent, by the balance or by the nearest of the limits; undefined when it can.
 * What open holds reserve counts against both, whichever window they were admitted in.
 */
export function shortageOf(
  state: LedgerState,
  key: KeyOwners,
  { micros, atMs }: { micros: number; atMs: number },
): Shortage | undefined {
  const account = accountOf(state, key.organizationId);
  const left = availableMicros(account);
  if (micros > left) return { of: "credits", leftMicros: left, askedMicros: micros };
  for (const spender of key.spenders) {
    const leftMicros = leftOf(spender, spendOf(state, spender.id, atMs));
    // Also when nothing is charged: see `rollSpend`.
    if (state.changedSpends.has(spender.id)) account.isChanged = true;
    if (leftMicros !== null && micros > leftMicros) {
      return { of: spender.kind, leftMicros, askedMicros: micros };
    }
  }
  return undefined;
}

/** What is left of a spender's limit; null where there is none. */
export function leftOf(
  { limitMicros, reset }: Pick<Spender, "limitMicros" | "reset">,
  spend: Spend,
): number | null {
  if (limitMicros === null) return null;
  return Math.max(0, limitMicros - spentSince(spend, reset) - spend.heldMicros);
}

/** The account of an organization. Every organization has one: a trigger makes it. */
export function accountOf(state: LedgerState, organizationId: string): Account {
  const account = state.accounts.get(organizationId);
  if (account === undefined) throw new Error(`${organizationId} has no account.`);
  return account;
}

/** What a spender has spent, in the windows of `atMs`. */
export function spendOf(state: LedgerState, spenderId: string, atMs: number): Spend {
  const known = state.spends.get(spenderId);
  if (known !== undefined) {
    if (rollSpend(known, atMs)) state.changedSpends.add(spenderId);
    return known;
  }
  const none = noSpend(atMs);
  state.spends.set(spenderId, none);
  return none;
}
