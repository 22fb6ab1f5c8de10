import type { Account, CreditGrant, KeyOwners, LedgerState } from "./ledger-state.ts";
import { availableMicros } from "./shortage.ts";
import type { Spend } from "./spend-windows.ts";

/** Spenders whose state is remembered between two batches; with more, all are read again. */
export const ledgerCacheMax = 20_000;

/**
 * What the last batches left in the database, so that the next need not read it again: that is a third of
 * the work of a charge. It is a copy and no more. Whoever else changes an account raises its version, and
 * the conditional write of a batch that rests on the copy then fails, and it is read anew. Limits are
 * outside that: they are told by a version of their own.
 */
export class LedgerCache {
  #accounts = new Map<string, Account>();
  #grants = new Map<string, CreditGrant[]>();
  #owners = new Map<string, KeyOwners>();
  #spends = new Map<string, Spend>();
  #limitsVersion = 0;

  /** Drops everything that was read under another version of the limits. */
  useOnlyOf(limitsVersion: number): void {
    if (limitsVersion !== this.#limitsVersion) this.forget();
    this.#limitsVersion = limitsVersion;
  }

  get isEmpty(): boolean {
    return this.#owners.size + this.#accounts.size === 0;
  }

  forget(): void {
    this.#accounts.clear();
    this.#grants.clear();
    this.#owners.clear();
    this.#spends.clear();
  }

  ownersOf(keyId: string): KeyOwners | undefined {
    return this.#owners.get(keyId);
  }

  hasAccount(organizationId: string): boolean {
    return this.#accounts.has(organizationId);
  }

  hasSpend(spenderId: string): boolean {
    return this.#spends.has(spenderId);
  }

  /** Adds copies of what is remembered to a state: a batch may fail, and must leave this as it is. */
  addTo(
    state: Pick<LedgerState, "accounts" | "grants" | "spends">,
    about: { organizationIds: readonly string[]; spenderIds: readonly string[] },
  ): void {
    for (const id of about.organizationIds) {
      const account = this.#accounts.get(id);
      if (account === undefined) continue;
      state.accounts.set(id, { ...account });
      const grants = this.#grants.get(id);
      if (grants !== undefined) state.grants.set(id, grants.map(copyOf));
    }
    for (const id of about.spenderIds) {
      const spend = this.#spends.get(id);
      if (spend !== undefined) state.spends.set(id, { ...spend });
    }
  }

  /** Remembers what a batch has written. */
  keep(state: LedgerState): void {
    if (this.#spends.size + this.#owners.size >= ledgerCacheMax) this.forget();
    for (const [id, account] of state.accounts) {
      const version = account.version + (account.isChanged ? 1 : 0);
      const availableBeforeMicros = availableMicros(account);
      this.#accounts.set(id, { ...account, availableBeforeMicros, version, isChanged: false });
      const grants = state.grants.get(id)?.filter(({ remainingMicros }) => remainingMicros > 0);
      if (grants === undefined) this.#grants.delete(id);
      else this.#grants.set(id, grants.map(copyOf));
    }
    for (const [id, owners] of state.keys) this.#owners.set(id, owners);
    for (const id of state.changedSpends) {
      const spend = state.spends.get(id);
      if (spend !== undefined) this.#spends.set(id, spend);
    }
  }
}

function copyOf(grant: CreditGrant): CreditGrant {
  return { ...grant, isChanged: false };
}
