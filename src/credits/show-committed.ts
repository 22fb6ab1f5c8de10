import type { LiveKeys } from "../keys/live-keys.ts";
import type { AccountViews } from "./account-views.ts";
import type { LedgerState } from "./ledger-state.ts";
import { availableMicros } from "./shortage.ts";

/** Shows what a commit has made of accounts and spends in the answers of the keys in memory. */
export function showCommitted(
  state: LedgerState,
  { liveKeys, accountViews }: { liveKeys: LiveKeys; accountViews: AccountViews },
): void {
  for (const account of state.accounts.values()) {
    if (!account.isChanged) continue;
    const { organizationId, lowBalanceMicros } = account;
    const version = account.version + 1;
    const view = { organizationId, version, lowBalanceMicros };
    accountViews.update({ ...view, availableMicros: availableMicros(account) });
  }
  for (const [keyId, { organizationId }] of state.keys) {
    const spend = state.spends.get(keyId);
    const version = state.accounts.get(organizationId)?.version;
    if (spend === undefined || version === undefined || !state.changedSpends.has(keyId)) continue;
    liveKeys.updateSpend(keyId, { spend, spendVersion: version + 1 });
  }
}
