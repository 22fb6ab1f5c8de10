import { Type } from "@sinclair/typebox";
import { spendResets } from "../core/money.ts";
import { literals, nullable } from "../http/schema-parts.ts";
import { amount } from "./amount-schemas.ts";

/** The fields that set a spend limit of a workspace or a member. */
export const spendLimitFields = (whose: string) => ({
  spend_limit: nullable(amount(`The most that ${whose} may spend, in USD.`, 100), {
    description: `The most that ${whose} may spend together, in USD; null is no limit.`,
    examples: [100],
  }),
  spend_limit_reset: literals(
    spendResets,
    "When the spend limit begins anew, at midnight UTC; weeks begin on Monday. `never` by default.",
  ),
});

/** The fields that show a spend limit, with what is spent and left. */
export const spendFields = (whose: string) => ({
  ...spendLimitFields(whose),
  usage: Type.Number({
    minimum: 0,
    description: `What ${whose} have spent in all, in USD.`,
    examples: [0],
  }),
  limit_remaining: nullable(Type.Number({ minimum: 0 }), {
    description:
      "What is left of the spend limit in USD, what open holds reserve taken off; null where there is none.",
  }),
});
