import { invalidField, notFound } from "../core/errors.ts";
import { findAccount } from "../credits/account-store.ts";
import { readAmount } from "../credits/amount-schemas.ts";
import { availableMicros } from "../credits/shortage.ts";
import type { Database } from "../db/client.ts";
import type { Actor } from "../organizations/actor.ts";
import { describeRule } from "./describe-recharge.ts";
import { wishBy } from "./recharge-rules.ts";
import { deleteRule, findRule, putRule, type RuleRow } from "./recharge-store.ts";
import type { RechargesContext } from "./recharges-context.ts";
import type { PutRechargeRule, RechargeRule } from "./schemas.ts";

/**
 * Sets an organization's rule. Where less than its bound is left already, a recharge is asked for in the
 * same transaction. Throws 422 for amounts that do not fit together.
 */
export async function setRule(
  { db, audit, clock, rules }: RechargesContext,
  { input, actor }: { input: PutRechargeRule; actor: Actor },
): Promise<RechargeRule> {
  const amounts = readRule(input);
  const row = await audit.record({
    actor,
    build: async ({ organizationId }) => {
      const nowMs = clock.nowMs();
      const before = await findRule(db, organizationId);
      const rule: RuleRow = { organizationId, ...amounts, updatedAtMs: nowMs };
      const account = await findAccount(db, organizationId);
      const leftMicros = availableMicros(account);
      const standing = { organizationId, availableMicros: leftMicros, topUps: account.topUps };
      const isBelow = leftMicros < rule.belowMicros;
      return {
        change: putRule(db, rule),
        entry: {
          action: "recharge_rule.set",
          targetId: organizationId,
          organizationId,
          changes: {
            before: before === undefined ? null : describeRule(before),
            after: describeRule(rule),
          },
        },
        alongside: isBelow ? wishBy(rule, standing, nowMs).statements(db) : [],
        result: rule,
      };
    },
  });
  rules.set(row);
  return describeRule(row);
}

/** Ends an organization's rule; what it has asked for stays. Throws 404 when there is none. */
export async function endRule(
  { db, audit, rules }: RechargesContext,
  { actor }: { actor: Actor },
): Promise<void> {
  await audit.commit({
    actor,
    build: async ({ organizationId }) => {
      const before = await requireRule(db, organizationId);
      return {
        change: deleteRule(db, organizationId),
        entry: {
          action: "recharge_rule.deleted",
          targetId: organizationId,
          organizationId,
          changes: { before: describeRule(before), after: null },
        },
      };
    },
  });
  rules.forget(actor.organizationId);
}

/** The rule of an organization. Throws 404 when there is none. */
export async function requireRule(db: Database, organizationId: string): Promise<RuleRow> {
  const rule = await findRule(db, organizationId);
  if (rule === undefined) throw notFound("recharge rule");
  return rule;
}

function readRule({ below, add, monthly_max }: PutRechargeRule) {
  const belowMicros = readAmount("below", below);
  const addMicros = readAmount("add", add);
  const monthlyMaxMicros = readAmount("monthly_max", monthly_max);
  if (belowMicros === 0)
    throw invalidField("below", "Must not be 0: less than nothing is never left.");
  if (addMicros === 0) throw invalidField("add", "Must not be 0.");
  if (monthlyMaxMicros < addMicros) {
    throw invalidField(
      "monthly_max",
      "Must be as much as add, or more: else nothing is asked for.",
    );
  }
  return { belowMicros, addMicros, monthlyMaxMicros };
}
