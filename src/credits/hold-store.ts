import { and, asc, eq, gt, lte } from "drizzle-orm";
import type { Database } from "../db/client.ts";
import { creditGrants, holds } from "../db/tables/index.ts";
import type { Hold } from "./ledger-state.ts";

/** The ids of open holds whose end has come, the longest overdue first. */
export async function findOverdueHolds(
  db: Database,
  { windowMs, limit }: { windowMs: number; limit: number },
): Promise<string[]> {
  const rows = await db.lookup
    .select({ id: holds.id })
    .from(holds)
    .where(and(eq(holds.state, "open"), lte(holds.expiresAtMs, windowMs)))
    .orderBy(asc(holds.expiresAtMs))
    .limit(limit);
  return rows.map(({ id }) => id);
}

/** The organizations that have granted credits whose end has come. */
export async function findOverdueGrants(
  db: Database,
  { wallMs, limit }: { wallMs: number; limit: number },
): Promise<string[]> {
  const rows = await db.lookup
    .selectDistinct({ id: creditGrants.organizationId })
    .from(creditGrants)
    .where(and(gt(creditGrants.remainingMicros, 0), lte(creditGrants.expiresAtMs, wallMs)))
    .limit(limit);
  return rows.map(({ id }) => id);
}

/** A hold of the organization's; undefined for a missing and for a foreign one. */
export async function findHold(
  db: Database,
  organizationId: string,
  holdId: string,
): Promise<Hold | undefined> {
  const rows = await db.lookup
    .select()
    .from(holds)
    .where(and(eq(holds.id, holdId), eq(holds.organizationId, organizationId)));
  return rows[0];
}
