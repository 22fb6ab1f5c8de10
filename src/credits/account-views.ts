/** What an organization has, as answers show it: one object for all its keys in memory. */
export interface AccountView {
  readonly organizationId: string;
  /** That of the row; 0 as long as there never were any credits. */
  version: number;
  availableMicros: number;
  lowBalanceMicros: number;
}

/**
 * The accounts of the keys in memory. A commit updates the view, and every key of the organization shows
 * it. Views that no key holds any more are collected.
 */
export class AccountViews {
  #views = new Map<string, WeakRef<AccountView>>();
  #registry = new FinalizationRegistry<string>((organizationId) => {
    if (this.#views.get(organizationId)?.deref() === undefined) this.#views.delete(organizationId);
  });

  /** The view of an account as it was read; a newer one that is known goes before it. */
  of(read: AccountView): AccountView {
    const known = this.#views.get(read.organizationId)?.deref();
    if (known === undefined) {
      this.#views.set(read.organizationId, new WeakRef(read));
      this.#registry.register(read, read.organizationId);
      return read;
    }
    if (read.version > known.version) Object.assign(known, read);
    return known;
  }

  /** What a commit has made of an account. */
  update(now: AccountView): void {
    const known = this.#views.get(now.organizationId)?.deref();
    if (known !== undefined && now.version > known.version) Object.assign(known, now);
  }
}
