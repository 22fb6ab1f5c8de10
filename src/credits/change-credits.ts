import { changesBetween } from "../audit/audit-event.ts";
import type { Actor } from "../organizations/actor.ts";
import { insertEvents, type NewEvent } from "../webhooks/event-store.ts";
import { type AccountRow, changeLowBalance, findAccount, hasAvailable } from "./account-store.ts";
import { readAmount } from "./amount-schemas.ts";
import { lowByThreshold } from "./credit-events.ts";
import type { CreditsContext } from "./credits-context.ts";
import { describeAccount } from "./describe-credits.ts";

/**
 * Changes from where on answers warn of a low balance. Raised above what can be spent, it is told of as
 * when the balance falls. Throws 422 for what is no amount.
 */
export async function changeCredits(
  { db, audit, clock, ledger, showAccount }: CreditsContext,
  { input, actor }: { input: { low_balance_threshold: number }; actor: Actor },
): Promise<ReturnType<typeof describeAccount>> {
  const lowBalanceMicros = readAmount("low_balance_threshold", input.low_balance_threshold);
  const changed = await audit.record({
    actor,
    within: (work) => ledger.alone(actor.organizationId, work),
    build: async ({ organizationId }) => {
      const account = await findAccount(db, organizationId);
      const before = describeAccount(account);
      const after = describeAccount({ ...account, lowBalanceMicros });
      return {
        change: changeLowBalance(db, organizationId, lowBalanceMicros),
        entry: {
          action: "credits.changed",
          targetId: organizationId,
          organizationId,
          changes: changesBetween(before, after),
        },
        alongside: insertEvents(db, eventsOfRaise(account, lowBalanceMicros, clock.nowMs())),
        result: after,
      };
    },
  });
  await showAccount(actor.organizationId);
  return changed;
}

/** Charges go on meanwhile: the database decides whether the threshold passes what is left. */
function eventsOfRaise(account: AccountRow, lowBalanceMicros: number, nowMs: number): NewEvent[] {
  const { organizationId, lowBalanceMicros: fromMicros, balanceMicros, heldMicros } = account;
  if (lowBalanceMicros <= fromMicros) return [];
  const onlyIf = hasAvailable(organizationId, { fromMicros, belowMicros: lowBalanceMicros });
  const standing = { ...account, availableMicros: balanceMicros - heldMicros };
  return [lowByThreshold(standing, { lowBalanceMicros, onlyIf }, nowMs)];
}
