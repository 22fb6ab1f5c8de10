import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Authorizer } from "../http/authorize.ts";
import { ErrorSchema } from "../http/error-schemas.ts";
import type { Idempotency } from "../http/idempotency.ts";
import { management } from "../http/management.ts";
import { idempotentMark } from "../http/openapi/idempotency-key.ts";
import { pageOf, pageQuery, readIntegers, toPage } from "../http/pagination.ts";
import type { ChangeContext } from "../organizations/change-context.ts";
import {
  changeWorkspace,
  createWorkspace,
  deleteWorkspace,
  describeWorkspaces,
  requireWorkspace,
} from "./change-workspaces.ts";
import * as schemas from "./schemas.ts";
import { listWorkspaces } from "./workspace-store.ts";

const tags = ["Workspaces"];
const order = "workspaces";

/** `/workspaces`: where keys and hats live, one for each team or environment. */
export function workspaceRoutes(services: {
  authorizer: Authorizer;
  idempotency: Idempotency;
  changes: ChangeContext;
}) {
  const { changes, idempotency } = services;
  return new Elysia({ name: "workspaces" })
    .use(management(services.authorizer))
    .get(
      "/workspaces",
      async ({ query, actor }) => {
        const page = pageOf(query, order);
        const rows = await listWorkspaces(changes.db, actor.organizationId, page);
        return toPage(rows, page, order, await describeWorkspaces(changes, rows));
      },
      {
        transform: readIntegers,
        query: pageQuery(order),
        response: { 200: schemas.WorkspaceListSchema },
        detail: { operationId: "listWorkspaces", tags, summary: "List workspaces" },
      },
    )
    .post(
      "/workspaces",
      ({ request, body, actor }) =>
        idempotency.create({ request, actor, payload: body }, (alongside) =>
          createWorkspace(changes, { input: body, actor, alongside }),
        ),
      {
        body: schemas.CreateWorkspaceSchema,
        response: { 201: schemas.WorkspaceSchema, 409: ErrorSchema },
        detail: {
          [idempotentMark]: true,
          operationId: "createWorkspace",
          tags,
          summary: "Create a workspace",
        },
      },
    )
    .get(
      "/workspaces/:id",
      async ({ params, actor }) => {
        const row = await requireWorkspace(changes.db, actor.organizationId, params.id);
        return (await describeWorkspaces(changes, [row]))(row);
      },
      {
        params: schemas.workspaceParams,
        response: { 200: schemas.WorkspaceSchema },
        detail: { operationId: "showWorkspace", tags, summary: "Show a workspace" },
      },
    )
    .patch(
      "/workspaces/:id",
      ({ params, body, actor }) =>
        changeWorkspace(changes, { workspaceId: params.id, input: body, actor }),
      {
        params: schemas.workspaceParams,
        body: schemas.ChangeWorkspaceSchema,
        response: { 200: schemas.WorkspaceSchema, 409: ErrorSchema },
        detail: {
          operationId: "changeWorkspace",
          tags,
          summary: "Change or suspend a workspace",
          description:
            "A spend limit holds for all its keys together, beside those of their own. With `state` its keys are refused, or work again, from the moment the call returns.",
        },
      },
    )
    .delete(
      "/workspaces/:id",
      async ({ params, query, actor, set }) => {
        const { confirm } = query;
        await deleteWorkspace(changes, { workspaceId: params.id, confirm, actor });
        set.status = 204;
      },
      {
        params: schemas.workspaceParams,
        query: schemas.confirmQuery("production"),
        response: { 204: Type.Void({ description: "The workspace is gone." }), 409: ErrorSchema },
        detail: {
          operationId: "deleteWorkspace",
          tags,
          summary: "Delete a workspace",
          description:
            "Revokes its keys, at once and for good. Its keys stay listed; its last workspace stays with an organization.",
        },
      },
    );
}
