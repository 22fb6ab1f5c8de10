import type { ChangeContext } from "../organizations/change-context.ts";
import type { PricesContext } from "../prices/prices-context.ts";
import type { RechargeRules } from "../recharges/recharge-rules.ts";
import type { Ledger } from "./ledger.ts";

/** What the verbs about credits work with. */
export interface CreditsContext extends ChangeContext {
  ledger: Ledger;
  rules: RechargeRules;
  prices: Pick<PricesContext, "book">;
  /** Shows an account in answers as it is now, after a change that was no charge. */
  showAccount: (organizationId: string) => Promise<void>;
  /** Where a person can buy credits; undefined when nobody said. */
  billingUrl: string | undefined;
}
