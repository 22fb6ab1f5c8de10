import { type Clock, dayMs, hourMs } from "../core/clock.ts";
import { invalidField } from "../core/errors.ts";
import { parseTimestamp } from "../core/timestamp.ts";
import {
  type UsageDimension,
  type UsageInterval,
  usageIntervalMs,
  usageIntervals,
} from "../core/usage.ts";
import type { Database } from "../db/client.ts";
import { type UsageExportQuery, type UsageStep, usageBucketsMax } from "./schemas.ts";
import { readFloor, type UsageQuestion } from "./usage-query-store.ts";

/** How far back an answer goes when nobody says. */
const defaultSpanMs: Readonly<Record<UsageStep, number>> = {
  minute: 2 * hourMs,
  hour: 48 * hourMs,
  day: 30 * dayMs,
  none: 30 * dayMs,
};

/**
 * What a query asks, from bucket to bucket: `from` goes back to the start of its bucket, `to` on to the end of
 * its own, and nothing begins before what is kept. Throws 422 for no moments, none between them, or too many.
 */
export async function readQuestion(
  { db, clock }: { db: Database; clock: Clock },
  { query, organizationId }: { query: UsageExportQuery; organizationId: string },
): Promise<UsageQuestion> {
  const { interval = "day", key_id, workspace_id, user_id, subject, status } = query;
  const groupBy = readDimensions(query.group_by);
  const from = readMoment("from", query.from);
  const to = readMoment("to", query.to);
  const unit = interval === "none" ? unitOf([from, to]) : interval;
  const unitMs = usageIntervalMs[unit];
  const toMs = Math.ceil((to ?? clock.nowMs() + 1) / unitMs) * unitMs;
  const askedMs = Math.floor((from ?? toMs - defaultSpanMs[interval]) / unitMs) * unitMs;
  if (askedMs >= toMs) throw invalidField("from", "Not before to.");
  if ((toMs - askedMs) / unitMs > usageBucketsMax) {
    const most = `At most ${usageBucketsMax} buckets at once: take a later from, an earlier to, or a longer interval.`;
    throw invalidField("from", most);
  }
  const fromMs = Math.min(toMs, Math.max(askedMs, await readFloor(db, unit)));
  const all = { key: key_id, workspace: workspace_id, user: user_id, subject, status };
  const given = Object.entries(all).filter(([, value]) => value !== undefined);
  const isByBucket = interval !== "none";
  const filter = Object.fromEntries(given) as UsageQuestion["filter"];
  return { organizationId, unit, isByBucket, groupBy, fromMs, toMs, filter };
}

/** The longest buckets that the moments are borders of: few rows to add up. */
function unitOf(moments: readonly (number | undefined)[]): UsageInterval {
  const fits = (unit: UsageInterval) =>
    moments.every((moment) => moment === undefined || moment % usageIntervalMs[unit] === 0);
  return usageIntervals.findLast(fits) ?? "minute";
}

function readDimensions(text: string | undefined): UsageDimension[] {
  const names = text === undefined ? [] : (text.split(",") as UsageDimension[]);
  if (new Set(names).size < names.length) throw invalidField("group_by", "Names one twice.");
  return names;
}

function readMoment(param: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const moment = parseTimestamp(text);
  if (Number.isNaN(moment)) throw invalidField(param, "Not an RFC 3339 date and time.");
  return moment;
}
