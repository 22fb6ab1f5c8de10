import { type SQL, sql } from "drizzle-orm";
import {
  admittedStatus,
  type UsageDimension,
  type UsageInterval,
  usageIntervalMs,
} from "../core/usage.ts";
import type { Database } from "../db/client.ts";
import { ledger, usageCursor, usageRollups } from "../db/tables/index.ts";
import { floorColumn } from "./rollup-store.ts";

/** What is asked: sums of one organization's usage, from one bucket's start to before another's. */
export interface UsageQuestion {
  organizationId: string;
  /** The rollups that are added up. */
  unit: UsageInterval;
  /** Whether each bucket is a row of its own, or all are one. */
  isByBucket: boolean;
  groupBy: readonly UsageDimension[];
  fromMs: number;
  toMs: number;
  filter: Readonly<Partial<Record<UsageDimension, string>>>;
}

/** What a row is of, in the order of the question: the bucket's start if asked for, then the groups. */
export type UsagePlace = readonly (string | number)[];

export interface UsageRow {
  place: UsagePlace;
  requests: number;
  charges: number;
  costMicros: number;
}

/** Where usage by this interval is kept from. */
export async function readFloor(db: Database, interval: UsageInterval): Promise<number> {
  const [row] = await db.lookup.all<{ fromMs: number }>(
    sql`SELECT ${floorColumn(interval)} AS "fromMs" FROM ${usageCursor} WHERE id = 1`,
  );
  return row?.fromMs ?? 0;
}

/**
 * The rows that match, in the order of their places, some at a time. Each statement reads a few buckets, twice
 * as many as the one before while they are few rows, so that a page costs what it shows: busy or quiet.
 */
export async function* eachUsage(
  db: Database,
  question: UsageQuestion,
  { after, size }: { after: UsagePlace | undefined; size: number },
): AsyncGenerator<UsageRow[]> {
  const { unit, isByBucket, toMs } = question;
  const seenMs = isByBucket && after !== undefined ? Number(after[0]) : question.fromMs;
  let fromMs = Math.max(seenMs, question.fromMs);
  for (let buckets = 1; fromMs < toMs; ) {
    const endMs = isByBucket ? Math.min(toMs, fromMs + buckets * usageIntervalMs[unit]) : toMs;
    let pages = 0;
    for (let place = after; ; pages++) {
      const rows = await readUsage(db, { ...question, fromMs, toMs: endMs }, place, size);
      if (rows.length > 0) yield rows;
      if (rows.length < size) break;
      place = rows.at(-1)?.place;
    }
    fromMs = endMs;
    buckets = pages === 0 ? 2 * buckets : 1;
  }
}

/**
 * One statement, so one moment: the rollups, and the charges that they do not hold yet. What was charged is
 * in exactly one of the two, whatever the roller does meanwhile.
 */
async function readUsage(
  db: Database,
  question: UsageQuestion,
  after: UsagePlace | undefined,
  size: number,
): Promise<UsageRow[]> {
  const { organizationId, unit, isByBucket, groupBy, fromMs, toMs, filter } = question;
  const names = [...(isByBucket ? [startColumn] : []), ...groupBy.map((name) => columns[name])];
  const list = sql.join(names, sql`, `);
  const place = names.length === 0 ? sql`json_array()` : sql`json_array(${list})`;
  const unitMs = sql.raw(String(usageIntervalMs[unit]));
  const filters = Object.entries(filter).map(
    ([name, value]) => sql` AND ${columns[name as UsageDimension]} = ${value}`,
  );
  const isAfter =
    after === undefined || names.length === 0
      ? sql``
      : sql`HAVING (${list}) > (${sql.join(
          after.map((value) => sql`${value}`),
          sql`, `,
        )})`;
  const answer = await db.read.all<{ rows: string }>(sql`
    WITH
      progress AS (SELECT ledger_sequence, ${floorColumn(unit)} AS from_ms FROM ${usageCursor} WHERE id = 1),
      parts AS (
        SELECT start_ms, key_id, workspace_id, coalesce(user_id, '') AS user_id, subject, status,
          requests, charges, cost_micros
        FROM ${usageRollups}
        WHERE organization_id = ${organizationId} AND interval = ${unit}
          AND start_ms >= ${fromMs} AND start_ms < ${toMs}
        UNION ALL
        SELECT at_ms - at_ms % ${unitMs}, coalesce(key_id, ''), coalesce(workspace_id, ''),
          coalesce(user_id, ''), coalesce(subject, ''), ${admittedStatus}, 0, 1, -amount_micros
        FROM ${ledger}
        WHERE organization_id = ${organizationId}
          AND sequence > (SELECT ledger_sequence FROM progress) AND kind = 'charge'
          AND at_ms >= ${fromMs} AND at_ms < ${toMs}
      ),
      sums AS (
        SELECT json_array(${place}, sum(requests), sum(charges), sum(cost_micros)) AS sum
        FROM parts WHERE start_ms >= (SELECT from_ms FROM progress)${sql.join(filters)}
        ${names.length === 0 ? sql`HAVING count(*) > 0` : sql`GROUP BY ${list} ${isAfter} ORDER BY ${list}`}
        LIMIT ${size}
      )
    SELECT json_group_array(json(sum)) AS rows FROM sums`);
  return (JSON.parse(answer[0]?.rows ?? "[]") as RowFields[]).map(toRow);
}

/** The rows come as one JSON text: libSQL hands a value over at some microseconds a column. */
type RowFields = [place: UsagePlace, requests: number, charges: number, costMicros: number];

function toRow([place, requests, charges, costMicros]: RowFields): UsageRow {
  return { place, requests, charges, costMicros };
}

const startColumn: SQL = sql.raw("start_ms");

const columns: Readonly<Record<UsageDimension, SQL>> = {
  key: sql.raw("key_id"),
  workspace: sql.raw("workspace_id"),
  user: sql.raw("user_id"),
  subject: sql.raw("subject"),
  status: sql.raw("status"),
};
