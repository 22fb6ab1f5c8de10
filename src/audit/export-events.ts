import type { Database } from "../db/client.ts";
import { type AuditFilter, eachRow } from "./audit-store.ts";
import { describeEvent } from "./describe-event.ts";
import type { AuditEvent } from "./schemas.ts";

type Format = "jsonl" | "csv";

const mediaTypes: Record<Format, string> = {
  jsonl: "application/x-ndjson",
  csv: "text/csv; charset=utf-8",
};

/** The columns of a CSV export; `changes` is JSON. */
const columns = [
  "sequence",
  "at",
  "actor_type",
  "actor_id",
  "user_id",
  "action",
  "target_type",
  "target_id",
  "changes",
  "address",
  "user_agent",
  "request_id",
  "previous_hash",
  "hash",
] as const;

/** Streams every change that matches, the oldest first, some hundreds of rows in memory at a time. */
export function exportEvents(db: Database, filter: AuditFilter, format: Format): Response {
  const write = format === "csv" ? csvLine : jsonLine;
  const encoder = new TextEncoder();
  async function* lines() {
    if (format === "csv") yield encoder.encode(`${columns.join(",")}\r\n`);
    for await (const rows of eachRow(db, filter)) {
      yield encoder.encode(rows.map((row) => write(describeEvent(row))).join(""));
    }
  }
  return new Response(lines(), {
    headers: {
      "content-type": mediaTypes[format],
      "content-disposition": `attachment; filename="audit-log.${format}"`,
    },
  });
}

function jsonLine(event: AuditEvent): string {
  return `${JSON.stringify(event)}\n`;
}

/** RFC 4180. */
function csvLine(event: AuditEvent): string {
  const { actor, target, changes, ...rest } = event;
  const cells: Record<(typeof columns)[number], unknown> = {
    ...rest,
    actor_type: actor.type,
    actor_id: actor.id,
    user_id: actor.user_id,
    target_type: target.type,
    target_id: target.id,
    changes: JSON.stringify(changes),
  };
  return `${columns.map((name) => csvCell(cells[name])).join(",")}\r\n`;
}

/** A text that a spreadsheet would take for a formula is given as text (OWASP: CSV injection). */
function csvCell(value: unknown): string {
  const text = value === null ? "" : String(value);
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
