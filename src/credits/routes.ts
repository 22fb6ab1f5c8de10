import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import { invalidField } from "../core/errors.ts";
import { parseTimestamp } from "../core/timestamp.ts";
import type { Authorizer } from "../http/authorize.ts";
import { ErrorSchema } from "../http/error-schemas.ts";
import { exportRows } from "../http/export-rows.ts";
import type { Idempotency } from "../http/idempotency.ts";
import { management } from "../http/management.ts";
import { idempotentMark } from "../http/openapi/idempotency-key.ts";
import { textTypesMark } from "../http/openapi/raw-document.ts";
import { decodeCursor, encodeCursor, readIntegers } from "../http/pagination.ts";
import { findUsageFault } from "../usage/usage-proof-store.ts";
import {
  eachEntry,
  findAccount,
  type LedgerFilter,
  listEntries,
  proveAccounts,
} from "./account-store.ts";
import { addCredits } from "./add-credits.ts";
import { changeCredits } from "./change-credits.ts";
import type { CreditsContext } from "./credits-context.ts";
import { describeAccount, describeEntry, describeProof } from "./describe-credits.ts";
import { explainCharges } from "./explain-charges.ts";
import * as schemas from "./schemas.ts";

const tags = ["Credits"];
const order = "ledger";
const pageSizeDefault = 20;

/** `/organizations/:id/credits` and `/ledger`: what an organization has, and every movement of it. */
export function creditRoutes(services: {
  authorizer: Authorizer;
  idempotency: Idempotency;
  credits: CreditsContext;
}) {
  const { credits, idempotency } = services;
  return new Elysia({ name: "credits" })
    .use(management(services.authorizer))
    .get(
      "/organizations/:id/credits",
      async ({ actor }) => describeAccount(await findAccount(credits.db, actor.organizationId)),
      {
        params: schemas.organizationParams,
        response: { 200: schemas.CreditsSchema },
        detail: { operationId: "showCredits", tags, summary: "Show the credits" },
      },
    )
    .post(
      "/organizations/:id/credits",
      ({ request, body, actor }) =>
        idempotency.create({ request, actor, payload: body }, (alongside) =>
          addCredits(credits, { input: body, actor, alongside }),
        ),
      {
        params: schemas.organizationParams,
        body: schemas.AddCreditsSchema,
        response: { 201: schemas.LedgerEntrySchema, 409: ErrorSchema },
        detail: {
          [idempotentMark]: true,
          operationId: "addCredits",
          tags,
          summary: "Add credits",
          description: "A grant, a purchase, a refund, or an adjustment, which may take some away.",
        },
      },
    )
    .patch(
      "/organizations/:id/credits",
      ({ body, actor }) => changeCredits(credits, { input: body, actor }),
      {
        params: schemas.organizationParams,
        body: schemas.ChangeCreditsSchema,
        response: { 200: schemas.CreditsSchema },
        detail: { operationId: "changeCredits", tags, summary: "Change when answers warn" },
      },
    )
    .get(
      "/organizations/:id/ledger",
      async ({ query, actor }) => {
        const { cursor, limit = pageSizeDefault } = query;
        const rows = await listEntries(credits.db, filterOf(query, actor.organizationId), {
          beforeSequence:
            cursor === undefined ? undefined : Number(decodeCursor(cursor, order, "number").value),
          limit: limit + 1,
        });
        const shown = rows.slice(0, limit);
        const last = rows.length > limit ? shown.at(-1) : undefined;
        return {
          data: shown.map(describeEntry),
          next_cursor: last === undefined ? null : encodeCursor(order, last.sequence, ""),
        };
      },
      {
        transform: readIntegers,
        params: schemas.organizationParams,
        query: schemas.ListLedgerQuerySchema,
        response: { 200: schemas.LedgerPageSchema },
        detail: { operationId: "listLedger", tags, summary: "List movements of credits" },
      },
    )
    .get(
      "/organizations/:id/ledger/export",
      ({ query, actor }) => {
        const filter = filterOf(query, actor.organizationId);
        async function* batches() {
          for await (const rows of eachEntry(credits.db, filter)) yield rows.map(describeEntry);
        }
        const columns = Object.keys(schemas.LedgerEntrySchema.properties);
        const { format = "jsonl" } = query;
        return exportRows({
          batches: batches(),
          format,
          name: "ledger",
          columns,
          cellsOf: (one) => ({ ...one, units: one.units && JSON.stringify(one.units) }),
        });
      },
      {
        params: schemas.organizationParams,
        query: schemas.ExportLedgerQuerySchema,
        response: {
          200: Type.String({
            description: "One movement a line, the oldest first.",
            examples: ["(lines)"],
            [textTypesMark]: ["application/x-ndjson", "text/csv"],
          }),
        },
        detail: {
          operationId: "exportLedger",
          tags,
          summary: "Export movements of credits",
          description: "Everything that matches, streamed as JSON Lines or CSV.",
        },
      },
    )
    .get(
      "/organizations/:id/ledger/verify",
      async ({ actor }) => {
        const [proof] = await proveAccounts(credits.db, actor.organizationId);
        if (proof === undefined) throw new Error(`${actor.organizationId} has no account.`);
        const fault = await findUsageFault(credits.db, actor.organizationId);
        const explained = await explainCharges(credits.db, actor.organizationId);
        return { ...describeProof(proof, explained), usage_valid: fault === undefined };
      },
      {
        params: schemas.organizationParams,
        response: { 200: schemas.LedgerProofSchema },
        detail: {
          operationId: "verifyLedger",
          tags,
          summary: "Verify the ledger",
          description:
            "Adds the ledger and the open holds up, and compares; so it does with usage and its charges. Works every charge by price out again.",
        },
      },
    );
}

function filterOf(query: schemas.LedgerQuery, organizationId: string): LedgerFilter {
  const { kind, key_id: keyId, from, to } = query;
  return {
    organizationId,
    kind,
    keyId,
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
