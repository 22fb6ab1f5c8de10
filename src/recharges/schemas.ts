import { type Static, Type } from "@sinclair/typebox";
import { rechargeStates } from "../core/money.ts";
import { amount } from "../credits/amount-schemas.ts";
import { pageParameters, pageSchema } from "../http/pagination.ts";
import {
  id,
  literals,
  nullable,
  optionalTimestamp,
  strictObject,
  timestamp,
} from "../http/schema-parts.ts";

const organizationId = id("Id or slug.", "org_019aa4c1f7d97c01a6e1b8c2d4f60a11");
export const rechargeId = id("Id of the recharge.", "rch_019aa4c1f7ec7c01a6e1b8c2d4f60a34");

export const ruleParams = Type.Object({ id: organizationId });
export const rechargeParams = Type.Object({ id: organizationId, recharge_id: rechargeId });

const ruleFields = {
  below: amount("A recharge is asked for when less than this is left, in USD.", 20),
  add: amount("How much, in USD.", 100),
  monthly_max: amount("What is asked for in a calendar month (UTC) at most, in USD.", 500),
};

export const RechargeRuleSchema = strictObject(
  { ...ruleFields, updated_at: timestamp("When it was set.") },
  { title: "RechargeRule", description: "When to ask for more credits, and for how many." },
);
export type RechargeRule = Static<typeof RechargeRuleSchema>;

export const PutRechargeRuleSchema = strictObject(ruleFields, {
  title: "PutRechargeRule",
  description: "The rule.",
  examples: [{ below: 20, add: 100, monthly_max: 500 }],
});
export type PutRechargeRule = Static<typeof PutRechargeRuleSchema>;

export const RechargeSchema = strictObject(
  {
    id: rechargeId,
    organization_id: organizationId,
    amount: amount("What is asked for, in USD.", 100),
    state: literals(rechargeStates, "What became of it."),
    requested_at: timestamp("When it was asked for."),
    ended_at: optionalTimestamp("When it was fulfilled or declined."),
    entry_id: nullable(Type.String({ examples: ["led_019aa4c1f7e37c01a6e1b8c2d4f60a22"] }), {
      description: "The movement of the ledger that fulfilled it.",
    }),
  },
  { title: "Recharge", description: "A wish for more credits, by the rule." },
);
export type Recharge = Static<typeof RechargeSchema>;

export const RechargePageSchema = pageSchema(
  RechargeSchema,
  "RechargePage",
  "A page of recharges, the newest first.",
);

export const rechargeOrder = "recharges";
export const ListRechargesQuerySchema = strictObject({
  ...pageParameters(rechargeOrder),
  state: Type.Optional(literals(rechargeStates, "Only recharges in this state.")),
});
