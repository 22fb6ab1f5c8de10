import type { Database } from "../db/client.ts";
import { type ExportFormat, exportRows } from "../http/export-rows.ts";
import { type AuditFilter, eachRow } from "./audit-store.ts";
import { describeEvent } from "./describe-event.ts";
import type { AuditEvent } from "./schemas.ts";

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
export function exportEvents(db: Database, filter: AuditFilter, format: ExportFormat): Response {
  async function* batches() {
    for await (const rows of eachRow(db, filter)) yield rows.map(describeEvent);
  }
  return exportRows({ batches: batches(), format, name: "audit-log", columns, cellsOf });
}

function cellsOf(event: AuditEvent): Record<(typeof columns)[number], unknown> {
  const { actor, target, changes, ...rest } = event;
  return {
    ...rest,
    actor_type: actor.type,
    actor_id: actor.id,
    user_id: actor.user_id,
    target_type: target.type,
    target_id: target.id,
    changes: JSON.stringify(changes),
  };
}
