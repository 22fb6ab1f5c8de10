import { and, asc, desc, eq, type SQL, sql } from "drizzle-orm";
import type { RechargeState } from "../core/money.ts";
import type { Alongside, Database } from "../db/client.ts";
import { isBefore, type Page } from "../db/page.ts";
import { rechargeRules, recharges, webhookEvents } from "../db/tables/index.ts";
import { requireChanges } from "../db/write-guard.ts";

export type RuleRow = typeof rechargeRules.$inferSelect;
export type RechargeRow = typeof recharges.$inferSelect;

/** Every rule, for the start. */
export function listRules(db: Database): Promise<RuleRow[]> {
  return db.read.select().from(rechargeRules).orderBy(asc(rechargeRules.organizationId));
}

/** The rule of an organization, if there is one. */
export async function findRule(db: Database, organizationId: string): Promise<RuleRow | undefined> {
  const rows = await db.lookup
    .select()
    .from(rechargeRules)
    .where(eq(rechargeRules.organizationId, organizationId));
  return rows[0];
}

/** The statement that sets a rule, in place of the one before. */
export function putRule(db: Database, rule: RuleRow): Alongside {
  return [
    db.write
      .insert(rechargeRules)
      .values(rule)
      .onConflictDoUpdate({ target: rechargeRules.organizationId, set: rule }),
  ];
}

/** The statement that deletes a rule. */
export function deleteRule(db: Database, organizationId: string): Alongside {
  return [db.write.delete(rechargeRules).where(eq(rechargeRules.organizationId, organizationId))];
}

/** A recharge to be asked for, unless something is against it. */
export interface Wish {
  id: string;
  organizationId: string;
  amountMicros: number;
  monthlyMaxMicros: number;
  monthStartMs: number;
  requestedAtMs: number;
  /** The rule it follows from: one that was changed or ended since wishes nothing. */
  ruleUpdatedAtMs: number;
  /** That of its event: what was asked for once, and declined, is not asked for again. */
  onceName: string;
}

/**
 * The statement that asks for recharges: of an organization that has none open, if what was asked for
 * since the month's start and not declined leaves room, and if it was not asked for before.
 */
export function insertRecharges(db: Database, wishes: readonly Wish[]): Alongside {
  if (wishes.length === 0) return [];
  return [
    db.write.run(sql`
      INSERT INTO ${recharges} (id, organization_id, amount_micros, state, requested_at_ms)
      SELECT value ->> 'id', value ->> 'organizationId', value ->> 'amountMicros', 'requested',
        value ->> 'requestedAtMs'
      FROM json_each(${JSON.stringify(wishes)})
      WHERE EXISTS (SELECT 1 FROM ${rechargeRules} AS rule
          WHERE rule.organization_id = (value ->> 'organizationId')
            AND rule.updated_at_ms = (value ->> 'ruleUpdatedAtMs'))
        AND NOT EXISTS (SELECT 1 FROM ${recharges} AS open
          WHERE open.organization_id = (value ->> 'organizationId') AND open.state = 'requested')
        AND NOT EXISTS (SELECT 1 FROM ${webhookEvents} AS asked
          WHERE asked.once_name = (value ->> 'onceName'))
        AND (value ->> 'amountMicros') + (SELECT coalesce(sum(month.amount_micros), 0)
          FROM ${recharges} AS month
          WHERE month.organization_id = (value ->> 'organizationId') AND month.state <> 'declined'
            AND month.requested_at_ms >= (value ->> 'monthStartMs')) <= (value ->> 'monthlyMaxMicros')`),
  ];
}

/** That a recharge was asked for: what is put to the database may come to nothing. */
export function wasAskedFor(rechargeId: string): SQL {
  return sql`EXISTS (SELECT 1 FROM ${recharges} WHERE ${recharges.id} = ${rechargeId})`;
}

/** A page of an organization's recharges, the newest first. */
export function listRecharges(
  db: Database,
  of: { organizationId: string; state: RechargeState | undefined },
  page: Page,
): Promise<RechargeRow[]> {
  const { requestedAtMs, id } = recharges;
  return db.read
    .select()
    .from(recharges)
    .where(
      and(
        eq(recharges.organizationId, of.organizationId),
        of.state === undefined ? undefined : eq(recharges.state, of.state),
        isBefore(page, requestedAtMs, id),
      ),
    )
    .orderBy(desc(requestedAtMs), desc(id))
    .limit(page.limit + 1);
}

/** A recharge of the organization; undefined for a missing and for a foreign one. */
export async function findRecharge(
  db: Database,
  organizationId: string,
  rechargeId: string,
): Promise<RechargeRow | undefined> {
  const rows = await db.lookup
    .select()
    .from(recharges)
    .where(and(eq(recharges.id, rechargeId), eq(recharges.organizationId, organizationId)));
  return rows[0];
}

/** The statements by which an organization's rule and open recharge end with it. */
export function endRecharges(db: Database, organizationId: string, nowMs: number): Alongside {
  return [
    ...deleteRule(db, organizationId),
    db.write
      .update(recharges)
      .set({ state: "declined", endedAtMs: nowMs })
      .where(and(eq(recharges.organizationId, organizationId), eq(recharges.state, "requested"))),
  ];
}

/** The statements that end an open recharge; they fail when it is not open any more. */
export function endRecharge(
  db: Database,
  rechargeId: string,
  end: { state: "fulfilled" | "declined"; endedAtMs: number; entryId: string | null },
): Alongside {
  return [
    db.write
      .update(recharges)
      .set(end)
      .where(and(eq(recharges.id, rechargeId), eq(recharges.state, "requested"))),
    requireChanges(db, 1),
  ];
}
