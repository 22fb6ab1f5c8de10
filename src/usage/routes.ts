import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import { organizationParams } from "../credits/schemas.ts";
import type { Authorizer } from "../http/authorize.ts";
import { management } from "../http/management.ts";
import { textTypesMark } from "../http/openapi/raw-document.ts";
import { readIntegers } from "../http/pagination.ts";
import { exportUsage, listUsage } from "./list-usage.ts";
import * as schemas from "./schemas.ts";
import type { UsageContext } from "./usage-context.ts";

const tags = ["Usage"];

const description =
  "Requests, charges and cost by key, workspace, user, skill or model and status, by the minute, hour or day. A charge that was answered is in it, and cost is always the sum of the ledger's charges.";

/** `/usage`: what an organization used. */
export function usageRoutes(services: UsageContext & { authorizer: Authorizer }) {
  return new Elysia({ name: "usage" })
    .use(management(services.authorizer))
    .get(
      "/usage",
      ({ query, actor: { organizationId } }) => listUsage(services, { query, organizationId }),
      {
        transform: readIntegers,
        query: schemas.UsageQuerySchema,
        response: { 200: schemas.UsagePageSchema },
        detail: { operationId: "listUsage", tags, summary: "Show usage", description },
      },
    )
    .get(
      "/organizations/:id/usage",
      ({ query, actor: { organizationId } }) => listUsage(services, { query, organizationId }),
      {
        transform: readIntegers,
        params: organizationParams,
        query: schemas.UsageQuerySchema,
        response: { 200: schemas.UsagePageSchema },
        detail: {
          operationId: "listOrganizationUsage",
          tags,
          summary: "Show usage of an organization (alias)",
          description,
        },
      },
    )
    .get(
      "/usage/export",
      ({ query, actor: { organizationId } }) => exportUsage(services, { query, organizationId }),
      {
        query: schemas.UsageExportQuerySchema,
        response: {
          200: Type.String({
            description: "One row a line, the oldest first.",
            examples: ["(lines)"],
            [textTypesMark]: ["application/x-ndjson", "text/csv"],
          }),
        },
        detail: {
          operationId: "exportUsage",
          tags,
          summary: "Export usage",
          description: "Everything that matches, streamed as JSON Lines or CSV.",
        },
      },
    );
}
