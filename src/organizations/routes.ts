import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Authorizer } from "../http/authorize.ts";
import { ErrorSchema } from "../http/error-schemas.ts";
import type { Idempotency } from "../http/idempotency.ts";
import { management } from "../http/management.ts";
import { idempotentMark } from "../http/openapi/idempotency-key.ts";
import { pageOf, pageQuery, readIntegers, toPage } from "../http/pagination.ts";
import { confirmQuery } from "../workspaces/schemas.ts";
import type { Actor } from "./actor.ts";
import type { ChangeContext } from "./change-context.ts";
import {
  changeOrganization,
  createOrganization,
  deleteOrganization,
  describeOrganization,
  requireOrganization,
} from "./change-organizations.ts";
import { listOrganizations, type Whose } from "./organization-store.ts";
import * as schemas from "./schemas.ts";

const tags = ["Organizations"];
const order = "organizations";

/** `/organizations`: who pays. */
export function organizationRoutes(services: {
  authorizer: Authorizer;
  idempotency: Idempotency;
  changes: ChangeContext;
}) {
  const { changes, idempotency } = services;
  return new Elysia({ name: "organizations" })
    .use(management(services.authorizer))
    .get(
      "/organizations",
      async ({ query, actor }) => {
        const page = pageOf(query, order);
        const rows = await listOrganizations(changes.db, whoseFor(actor), page);
        return toPage(rows, page, order, describeOrganization);
      },
      {
        transform: readIntegers,
        query: pageQuery(order),
        response: { 200: schemas.OrganizationListSchema },
        detail: {
          operationId: "listOrganizations",
          tags,
          summary: "List organizations",
          description: "One's own; the operator sees all.",
        },
      },
    )
    .post(
      "/organizations",
      ({ request, body, actor }) =>
        idempotency.create({ request, actor, payload: body }, (alongside) =>
          createOrganization(changes, { input: body, actor, alongside }),
        ),
      {
        body: schemas.CreateOrganizationSchema,
        response: { 201: schemas.OrganizationSchema, 409: ErrorSchema },
        detail: {
          [idempotentMark]: true,
          operationId: "createOrganization",
          tags,
          summary: "Create an organization",
          description: "It comes with a workspace `default`. Invite its owner next.",
        },
      },
    )
    .get(
      "/organizations/:id",
      async ({ actor }) =>
        describeOrganization(await requireOrganization(changes.db, actor.organizationId)),
      {
        params: schemas.organizationParams,
        response: { 200: schemas.OrganizationSchema },
        detail: { operationId: "showOrganization", tags, summary: "Show an organization" },
      },
    )
    .patch(
      "/organizations/:id",
      ({ body, actor }) => changeOrganization(changes, { input: body, actor }),
      {
        params: schemas.organizationParams,
        body: schemas.ChangeOrganizationSchema,
        response: { 200: schemas.OrganizationSchema, 409: ErrorSchema },
        detail: {
          operationId: "changeOrganization",
          tags,
          summary: "Change or suspend an organization",
          description:
            "Plan and state are the operator's to change. While it is suspended, its keys and members are refused.",
        },
      },
    )
    .delete(
      "/organizations/:id",
      async ({ query, actor, set }) => {
        await deleteOrganization(changes, { confirm: query.confirm, actor });
        set.status = 204;
      },
      {
        params: schemas.organizationParams,
        query: confirmQuery("acme"),
        response: {
          204: Type.Void({ description: "The organization is gone." }),
          409: ErrorSchema,
        },
        detail: {
          operationId: "deleteOrganization",
          tags,
          summary: "Delete an organization",
          description: "Revokes its keys, at once and for good, and lets its members go.",
        },
      },
    );
}

function whoseFor({ instanceWide, type, userId, organizationId }: Actor): Whose {
  if (instanceWide) return "everybody";
  return type === "user" && userId !== null ? { userId } : { organizationId };
}
