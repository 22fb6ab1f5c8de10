import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import { invalidField } from "../core/errors.ts";
import { parseTimestamp } from "../core/timestamp.ts";
import type { Database } from "../db/client.ts";
import type { Authorizer } from "../http/authorize.ts";
import { management } from "../http/management.ts";
import { textTypesMark } from "../http/openapi/raw-document.ts";
import { decodeCursor, encodeCursor, readIntegers } from "../http/pagination.ts";
import type { Actor } from "../organizations/actor.ts";
import { type AuditFilter, listRows, verifyChain } from "./audit-store.ts";
import { describeEvent } from "./describe-event.ts";
import { exportEvents } from "./export-events.ts";
import * as schemas from "./schemas.ts";

const tags = ["Audit log"];
const cursorOrder = "audit";
const pageSizeDefault = 20;

/** `/audit-log`: who changed what, when and from where. */
export function auditRoutes(services: { authorizer: Authorizer; db: Database }) {
  const { db } = services;
  return new Elysia({ name: "audit" })
    .use(management(services.authorizer))
    .get(
      "/audit-log",
      async ({ query, actor }) => {
        const { cursor, limit = pageSizeDefault } = query;
        const position =
          cursor === undefined ? undefined : decodeCursor(cursor, cursorOrder, "number");
        const rows = await listRows(db, filterOf(query, actor), {
          beforeSequence: position === undefined ? undefined : Number(position.value),
          limit: limit + 1,
        });
        const page = rows.slice(0, limit);
        const last = page.at(-1);
        const isLast = rows.length <= limit || last === undefined;
        return {
          data: page.map(describeEvent),
          next_cursor: isLast ? null : encodeCursor(cursorOrder, last.sequence, ""),
        };
      },
      {
        transform: readIntegers,
        query: schemas.AuditQuerySchema,
        response: { 200: schemas.AuditPageSchema },
        detail: {
          operationId: "listAuditEvents",
          tags,
          summary: "List changes",
          description:
            "The organization's changes, the newest first; the operator sees those of the instance too.",
        },
      },
    )
    .get(
      "/audit-log/export",
      ({ query, actor }) => exportEvents(db, filterOf(query, actor), query.format ?? "jsonl"),
      {
        query: schemas.AuditExportQuerySchema,
        response: {
          200: Type.String({
            description: "One change a line, the oldest first.",
            examples: ["(lines)"],
            [textTypesMark]: ["application/x-ndjson", "text/csv"],
          }),
        },
        detail: {
          operationId: "exportAuditEvents",
          tags,
          summary: "Export changes",
          description: "Everything that matches, streamed as JSON Lines or CSV.",
        },
      },
    )
    .get(
      "/audit-log/verify",
      async () => {
        const { rows, firstBroken } = await verifyChain(db);
        return { valid: firstBroken === null, rows, first_broken: firstBroken };
      },
      {
        response: { 200: schemas.ChainStateSchema },
        detail: {
          operationId: "verifyAuditLog",
          tags,
          summary: "Verify the chain",
          description: "Follows the hashes from the first row and names the first that is broken.",
        },
      },
    );
}

function filterOf(
  query: schemas.AuditExportQuery | schemas.AuditQuery,
  { organizationId, instanceWide }: Actor,
): AuditFilter {
  const { actor: actorId, action, target: targetId, from, to } = query;
  return {
    organizationId,
    instanceWide,
    actorId,
    action,
    targetId,
    fromMs: readMoment("from", from),
    toMs: readMoment("to", to),
  };
}

function readMoment(param: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const moment = parseTimestamp(text);
  if (Number.isNaN(moment)) throw invalidField(param, "Not an RFC 3339 date and time.");
  return moment;
}
