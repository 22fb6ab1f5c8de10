import { changesBetween } from "../audit/audit-event.ts";
import type { Actor } from "../organizations/actor.ts";
import { changeLowBalance, findAccount } from "./account-store.ts";
import { readAmount } from "./amount-schemas.ts";
import type { CreditsContext } from "./credits-context.ts";
import { describeAccount } from "./describe-credits.ts";

/** Changes from where on answers warn of a low balance. Throws 422 for what is no amount. */
export async function changeCredits(
  { db, audit, ledger, showAccount }: CreditsContext,
  { input, actor }: { input: { low_balance_threshold: number }; actor: Actor },
): Promise<ReturnType<typeof describeAccount>> {
  const lowBalanceMicros = readAmount("low_balance_threshold", input.low_balance_threshold);
  const changed = await ledger.alone(actor.organizationId, () =>
    audit.record({
      actor,
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
          result: after,
        };
      },
    }),
  );
  await showAccount(actor.organizationId);
  return changed;
}
