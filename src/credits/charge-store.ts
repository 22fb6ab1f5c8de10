import { and, asc, eq, gt, isNotNull, sql } from "drizzle-orm";
import type { Units } from "../core/money.ts";
import type { Database } from "../db/client.ts";
import { inSequence } from "../db/in-sequence.ts";
import { holds, ledger } from "../db/tables/index.ts";

/** Charges read at once. */
const readSize = 500;

/** A charge that was worked out by a price. */
export interface ChargeByPrice {
  sequence: number;
  id: string;
  amountMicros: number;
  priceId: string;
  units: Units | null;
  /** By the wall clock: of the charge itself, or of the hold it was settled from. */
  admittedAtMs: number;
}

/** All charges by price, of one organization or of all, the oldest first, some hundreds at a time. */
export function eachChargeByPrice(
  db: Database,
  organizationId: string | undefined,
): AsyncGenerator<ChargeByPrice[]> {
  return inSequence((after) =>
    db.read
      .select({
        sequence: ledger.sequence,
        id: ledger.id,
        amountMicros: ledger.amountMicros,
        priceId: sql<string>`${ledger.priceId}`,
        units: ledger.units,
        admittedAtMs: sql<number>`coalesce(${holds.createdAtMs}, ${ledger.atMs})`,
      })
      .from(ledger)
      .leftJoin(holds, eq(holds.id, ledger.holdId))
      .where(
        and(
          organizationId === undefined ? undefined : eq(ledger.organizationId, organizationId),
          isNotNull(ledger.priceId),
          gt(ledger.sequence, after),
        ),
      )
      .orderBy(asc(ledger.sequence))
      .limit(readSize),
  );
}
