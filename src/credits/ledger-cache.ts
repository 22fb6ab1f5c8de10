import type { Account, CreditGrant, KeyOwners, LedgerState } from "./ledger-state.ts";
import { availableMicros } from "./shortage.ts";
import type { Spend } from "./spend-windows.ts";

/** Keys and spenders that are remembered between two batches; with more, all are read again. */
export const ledgerCacheMax = 20_000;

interface Remembered {
  account: Account;
  grants: CreditGrant[];
  spends: Map<string, Spend>;
}

/**
 * What the last batches left in the database, so that the next need not read it again: that is a third of
 * the work of a charge. It is a copy and no more. Whoever else changes an account, its grants or what is
 * spent from it raises its version, and the conditional write of a batch that rests on the copy then fails,
 * and it is read anew. So nothing may come of an account that a batch does not write: see `Ledger`. Limits
 * are outside that: they are told by a version of their own.
 */
export class LedgerCache {
  #organizations = new Map<string, Remembered>();
  #owners = new Map<string, KeyOwners>();
  #spendsCount = 0;
  #limitsVersion = 0;

  /** Drops everything that was read under another version of the limits. */
  useOnlyOf(limitsVersion: number): void {
    if (limitsVersion !== this.#limitsVersion) this.forget();
    this.#limitsVersion = limitsVersion;
  }

  forget(): void {
    this.#organizations.clear();
    this.#owners.clear();
    this.#spendsCount = 0;
  }

  /** Drops all that hangs on the version of one account. */
  forgetOrganization(organizationId: string): void {
    this.#spendsCount -= this.#organizations.get(organizationId)?.spends.size ?? 0;
    this.#organizations.delete(organizationId);
  }

  ownersOf(keyId: string): KeyOwners | undefined {
    return this.#owners.get(keyId);
  }

  hasAccount(organizationId: string): boolean {
    return this.#organizations.has(organizationId);
  }

  hasSpend(organizationId: string, spenderId: string): boolean {
    return this.#organizations.get(organizationId)?.spends.has(spenderId) === true;
  }

  /** Adds copies of what is remembered to a state: a batch may fail, and must leave this as it is. */
  addTo(
    state: Pick<LedgerState, "accounts" | "grants" | "spends">,
    about: { organizationIds: Iterable<string>; keys: readonly KeyOwners[] },
  ): void {
    for (const id of about.organizationIds) {
      const known = this.#organizations.get(id);
      if (known === undefined) continue;
      state.accounts.set(id, { ...known.account });
      state.grants.set(id, known.grants.map(copyOf));
    }
    for (const { organizationId, spenders } of about.keys) {
      const known = this.#organizations.get(organizationId);
      for (const { id } of spenders) {
        const spend = known?.spends.get(id);
        if (spend !== undefined && !state.spends.has(id)) state.spends.set(id, { ...spend });
      }
    }
  }

  /** Remembers what a batch has written. */
  keep(state: LedgerState): void {
    if (this.#spendsCount + this.#owners.size >= ledgerCacheMax) this.forget();
    for (const [id, account] of state.accounts) {
      if (account.isChanged) this.#keepAccount(id, account, state.grants.get(id) ?? []);
    }
    for (const owners of state.keys.values()) {
      this.#owners.set(owners.keyId, owners);
      const known = this.#organizations.get(owners.organizationId);
      for (const { id } of owners.spenders) {
        const spend = state.changedSpends.has(id) ? state.spends.get(id) : undefined;
        if (known === undefined || spend === undefined) continue;
        if (!known.spends.has(id)) this.#spendsCount++;
        known.spends.set(id, spend);
      }
    }
  }

  #keepAccount(id: string, account: Account, grants: readonly CreditGrant[]): void {
    const known = this.#organizations.get(id);
    this.#organizations.set(id, {
      account: {
        ...account,
        availableBeforeMicros: availableMicros(account),
        version: account.version + 1,
        isChanged: false,
      },
      grants: grants.filter(({ remainingMicros }) => remainingMicros > 0).map(copyOf),
      spends: known?.spends ?? new Map(),
    });
  }
}

function copyOf(grant: CreditGrant): CreditGrant {
  return { ...grant, isChanged: false };
}
