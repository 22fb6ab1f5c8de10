import { invalidField } from "../core/errors.ts";
import { type ExportFormat, exportRows } from "../http/export-rows.ts";
import { decodeCursor, encodeCursor } from "../http/pagination.ts";
import { toTimestamp } from "../http/schema-parts.ts";
import { describeUsage, usageColumns } from "./describe-usage.ts";
import { readQuestion } from "./read-question.ts";
import type { UsageExportQuery, UsageQuery } from "./schemas.ts";
import type { UsageContext } from "./usage-context.ts";
import { eachUsage, type UsagePlace, type UsageRow } from "./usage-query-store.ts";

const pageSizeDefault = 20;
/** Rows an export reads at once. */
const exportSize = 2_000;

/** A page of an organization's usage. A cursor keeps the span of the first page, whatever the clock says by then. */
export async function listUsage(
  context: UsageContext,
  { query, organizationId }: { query: UsageQuery; organizationId: string },
) {
  const { cursor, limit = pageSizeDefault, ...rest } = query;
  const { interval = "day", group_by: groupBy = "" } = rest;
  const order = `usage ${interval} ${groupBy}`;
  const start = cursor === undefined ? undefined : readCursor(cursor, order);
  const span = start === undefined ? {} : { from: start.from, to: start.to };
  await context.requestCounts.save();
  const question = await readQuestion(context, { query: { ...span, ...rest }, organizationId });
  const rows: UsageRow[] = [];
  const size = limit + 1;
  for await (const some of eachUsage(context.db, question, { after: start?.place, size })) {
    rows.push(...some);
    if (rows.length > limit) break;
  }
  const shown = rows.slice(0, limit);
  const last = rows.length > limit ? shown.at(-1) : undefined;
  const { fromMs, toMs } = question;
  return {
    from: toTimestamp(fromMs),
    to: toTimestamp(toMs),
    interval,
    data: shown.map((row) => describeUsage(question, row)),
    next_cursor:
      last === undefined
        ? null
        : encodeCursor(order, fromMs, JSON.stringify([toMs, ...last.place])),
  };
}

/** Everything that matches, streamed. */
export async function exportUsage(
  context: UsageContext,
  {
    query,
    organizationId,
  }: { query: UsageExportQuery & { format?: ExportFormat }; organizationId: string },
): Promise<Response> {
  await context.requestCounts.save();
  const question = await readQuestion(context, { query, organizationId });
  async function* batches() {
    const all = eachUsage(context.db, question, { after: undefined, size: exportSize });
    for await (const rows of all) yield rows.map((row) => describeUsage(question, row));
  }
  return exportRows({
    batches: batches(),
    format: query.format ?? "jsonl",
    name: "usage",
    columns: usageColumns(question),
    cellsOf: (row) => row,
  });
}

interface Start {
  from: string;
  to: string;
  place: UsagePlace;
}

function readCursor(cursor: string, order: string): Start {
  const { value, id } = decodeCursor(cursor, order, "number");
  const columns = order.split(" ")[1] === "none" ? 0 : 1;
  const groups = order.split(" ")[2];
  const length = columns + (groups === "" || groups === undefined ? 0 : groups.split(",").length);
  const [toMs, ...place] = readTexts(id);
  const isPlace = place.every((part, at) =>
    at < columns ? Number.isSafeInteger(part) : typeof part === "string",
  );
  const moments = [Number(value), Number(toMs)];
  const areMoments = moments.every((ms) => Math.abs(ms) <= 8.64e15);
  if (!isPlace || place.length !== length || !areMoments) {
    throw invalidField("cursor", "Not a cursor of this list in this order. Start without one.");
  }
  const [from, to] = moments.map(toTimestamp) as [string, string];
  return { from, to, place: place as UsagePlace };
}

function readTexts(json: string): unknown[] {
  try {
    const parts = JSON.parse(json);
    return Array.isArray(parts) ? parts : [];
  } catch {
    return [];
  }
}
