import { and, asc, eq, gt, lte, type SQL, sql } from "drizzle-orm";
import { alias } from "drizzle-orm/sqlite-core";
import type { PriceKind } from "../core/money.ts";
import type { Alongside, Database } from "../db/client.ts";
import { isAfter, type Page } from "../db/page.ts";
import { prices } from "../db/tables/index.ts";

export type PriceRow = typeof prices.$inferSelect;

/** Versions of prices there may ever be, those that ended included; all of them are held in memory. */
export const pricesMax = 50_000;

/** Every version. They come as one JSON text: libSQL hands a value over at some microseconds a column. */
export async function readPrices(db: Database): Promise<PriceRow[]> {
  const fields = sql`json_object('id', ${prices.id}, 'kind', ${prices.kind},
    'subject', ${prices.subject}, 'perRequestMicros', ${prices.perRequestMicros},
    'inputPerMillionMicros', ${prices.inputPerMillionMicros},
    'outputPerMillionMicros', ${prices.outputPerMillionMicros},
    'isEnd', json(CASE ${prices.isEnd} WHEN 1 THEN 'true' ELSE 'false' END),
    'effectiveFromMs', ${prices.effectiveFromMs}, 'createdAtMs', ${prices.createdAtMs},
    'createdBy', ${prices.createdBy})`;
  const [answer] = await db.read
    .select({ rows: sql<string>`json_group_array(${fields})` })
    .from(prices);
  return JSON.parse(answer?.rows ?? "[]");
}

export interface PriceFilter {
  kind?: PriceKind | undefined;
  subject?: string | undefined;
  /** Only what is in force then; every version without. */
  inForceAtMs: number | undefined;
}

/** A page of the versions that match, the oldest first. */
export function listPrices(db: Database, filter: PriceFilter, page: Page): Promise<PriceRow[]> {
  const { kind, subject, inForceAtMs } = filter;
  return db.read
    .select()
    .from(prices)
    .where(
      and(
        kind === undefined ? undefined : eq(prices.kind, kind),
        subject === undefined ? undefined : eq(prices.subject, subject),
        inForceAtMs === undefined ? undefined : isInForce(inForceAtMs),
        isAfter(page, prices.createdAtMs, prices.id),
      ),
    )
    .orderBy(asc(prices.createdAtMs), asc(prices.id))
    .limit(page.limit + 1);
}

/** The statement that adds a version. The table knows no other: its triggers refuse to change a row. */
export function insertPrice(db: Database, price: PriceRow): Alongside {
  return [db.write.insert(prices).values(price)];
}

/** No end, and no later version of the same subject that has begun. */
function isInForce(atMs: number): SQL | undefined {
  const later = alias(prices, "later");
  return and(
    eq(prices.isEnd, false),
    lte(prices.effectiveFromMs, atMs),
    sql`NOT EXISTS (SELECT 1 FROM ${prices} AS later WHERE ${and(
      eq(later.kind, prices.kind),
      eq(later.subject, prices.subject),
      gt(later.effectiveFromMs, prices.effectiveFromMs),
      lte(later.effectiveFromMs, atMs),
    )})`,
  );
}
