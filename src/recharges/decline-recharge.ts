import { DomainError, notFound } from "../core/errors.ts";
import type { Database } from "../db/client.ts";
import type { Actor } from "../organizations/actor.ts";
import { describeRecharge } from "./describe-recharge.ts";
import { endRecharge, findRecharge, type RechargeRow } from "./recharge-store.ts";
import type { RechargesContext } from "./recharges-context.ts";
import type { Recharge } from "./schemas.ts";

/**
 * Declines a recharge. The rule asks again when credits were added, it is set anew, or the next month has
 * come. Throws 404, and 409 for one that is not open.
 */
export async function declineRecharge(
  { db, audit, clock, rules }: RechargesContext,
  { rechargeId, actor }: { rechargeId: string; actor: Actor },
): Promise<Recharge> {
  const declined = await audit.record({
    actor,
    build: async ({ organizationId }) => {
      const row = await requireOpenRecharge(db, organizationId, rechargeId);
      const end = { state: "declined" as const, endedAtMs: clock.nowMs(), entryId: null };
      return {
        change: endRecharge(db, rechargeId, end),
        entry: {
          action: "recharge.declined",
          targetId: rechargeId,
          organizationId,
          changes: { before: { state: row.state }, after: { state: end.state } },
        },
        result: describeRecharge({ ...row, ...end }),
      };
    },
  });
  rules.reconsider(actor.organizationId);
  return declined;
}

/** A recharge that waits for the operator. Throws 404, and 409 for one that is not open. */
export async function requireOpenRecharge(
  db: Database,
  organizationId: string,
  rechargeId: string,
): Promise<RechargeRow> {
  const row = await findRecharge(db, organizationId, rechargeId);
  if (row === undefined) throw notFound("recharge");
  if (row.state !== "requested") {
    throw new DomainError("conflict", `This recharge is ${row.state} already.`);
  }
  return row;
}
