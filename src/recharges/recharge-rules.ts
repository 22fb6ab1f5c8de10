import type { EventType } from "../core/events.ts";
import { microsToUsd } from "../credits/micros.ts";
import { windowStarts } from "../credits/spend-windows.ts";
import { newId } from "../crypto/ids.ts";
import type { Alongside, Database } from "../db/client.ts";
import { toTimestamp } from "../http/schema-parts.ts";
import { insertEvents } from "../webhooks/event-store.ts";
import { insertRecharges, listRules, type RuleRow, wasAskedFor } from "./recharge-store.ts";

/** What an account has, for a rule to judge. */
export interface Standing {
  organizationId: string;
  availableMicros: number;
  topUps: number;
}

/**
 * The rules in memory, one small object for each organization that has one, so that a charge of any other
 * costs nothing. The database decides whether a recharge is asked for; what is kept here besides is only
 * that it was put to it, so that the next charges need not.
 */
export class RechargeRules {
  #rules = new Map<string, { rule: RuleRow; triedFor: string }>();

  /** Reads them all, before the first charge. */
  async load(db: Database): Promise<void> {
    for (const rule of await listRules(db)) this.set(rule);
  }

  /** A rule was set. */
  set(rule: RuleRow): void {
    this.#rules.set(rule.organizationId, { rule, triedFor: "" });
  }

  /** A rule was deleted. */
  forget(organizationId: string): void {
    this.#rules.delete(organizationId);
  }

  /** Something has changed by which the answer of the database may be another now. */
  reconsider(organizationId: string): void {
    const known = this.#rules.get(organizationId);
    if (known !== undefined) known.triedFor = "";
  }

  /** The wish that follows from where an account stands, unless it was put to the database before. */
  wishOf(standing: Standing, nowMs: number): { wish: RechargeWish; tried: () => void } | undefined {
    const known = this.#rules.get(standing.organizationId);
    if (known === undefined || standing.availableMicros >= known.rule.belowMicros) return undefined;
    const name = nameOf(known.rule, standing, nowMs);
    if (name === known.triedFor) return undefined;
    return {
      wish: wishBy(known.rule, standing, nowMs),
      tried: () => {
        known.triedFor = name;
      },
    };
  }
}

const asked: EventType = "recharge.requested";

/** A wish is made once after each addition of credits, each month, and each change of the rule. */
function nameOf(rule: RuleRow, { organizationId, topUps }: Standing, nowMs: number): string {
  return [asked, organizationId, topUps, windowStarts(nowMs).month, rule.updatedAtMs].join(" ");
}

/** What asks for a recharge. */
export interface RechargeWish {
  statements: (db: Database) => Alongside;
}

/** The statements that ask for a recharge and tell of it, if nothing is against it. */
export function wishBy(rule: RuleRow, standing: Standing, nowMs: number): RechargeWish {
  const { organizationId, addMicros: amountMicros, monthlyMaxMicros, updatedAtMs } = rule;
  const onceName = nameOf(rule, standing, nowMs);
  const id = newId("recharge", nowMs);
  const data = {
    organization_id: organizationId,
    recharge: {
      id,
      amount: microsToUsd(amountMicros),
      requested_at: toTimestamp(nowMs),
    },
    available: microsToUsd(standing.availableMicros),
    rule: {
      below: microsToUsd(rule.belowMicros),
      add: microsToUsd(amountMicros),
      monthly_max: microsToUsd(monthlyMaxMicros),
    },
  };
  const event = {
    id: newId("event", nowMs),
    organizationId,
    type: asked,
    data,
    onceName,
    createdAtMs: nowMs,
    onlyIf: wasAskedFor(id),
  };
  const wish = {
    id,
    organizationId,
    amountMicros,
    monthlyMaxMicros,
    monthStartMs: windowStarts(nowMs).month,
    requestedAtMs: nowMs,
    ruleUpdatedAtMs: updatedAtMs,
    onceName,
  };
  return {
    statements: (db) => [...insertRecharges(db, [wish]), ...insertEvents(db, [event])],
  };
}
