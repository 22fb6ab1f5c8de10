import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Authorizer } from "../http/authorize.ts";
import { ErrorSchema } from "../http/error-schemas.ts";
import type { Idempotency } from "../http/idempotency.ts";
import { management } from "../http/management.ts";
import { idempotentMark } from "../http/openapi/idempotency-key.ts";
import {
  decodeCursor,
  encodeCursor,
  pageOf,
  pageQuery,
  readIntegers,
  toPage,
} from "../http/pagination.ts";
import type { ChangeContext } from "../organizations/change-context.ts";
import { changeHat, createHat, deleteHat, describeHat, requireHat } from "./change-hats.ts";
import { listHats, listWearers } from "./hat-store.ts";
import * as schemas from "./schemas.ts";
import { putOnHat, takeOffHat } from "./wear-hat.ts";

const tags = ["Hats"];
const order = "hats";
const wearerOrder = "wearers";
const wearersShown = 20;

/** `/hats`: named groups of skills, and who wears them. */
export function hatRoutes(services: {
  authorizer: Authorizer;
  idempotency: Idempotency;
  changes: ChangeContext;
}) {
  const { changes, idempotency } = services;
  return new Elysia({ name: "hats" })
    .use(management(services.authorizer))
    .get(
      "/hats",
      async ({ query, actor: { organizationId } }) => {
        const page = pageOf(query, order);
        const of = { organizationId, workspaceId: query.workspace_id };
        return toPage(await listHats(changes.db, of, page), page, order, describeHat);
      },
      {
        transform: readIntegers,
        query: schemas.ListHatsQuerySchema,
        response: { 200: schemas.HatListSchema },
        detail: { operationId: "listHats", tags, summary: "List hats" },
      },
    )
    .post(
      "/hats",
      ({ request, body, actor }) =>
        idempotency.create({ request, actor, payload: body }, (alongside) =>
          createHat(changes, { input: body, actor, alongside }),
        ),
      {
        body: schemas.CreateHatSchema,
        response: { 201: schemas.HatSchema, 409: ErrorSchema },
        detail: {
          [idempotentMark]: true,
          operationId: "createHat",
          tags,
          summary: "Create a hat",
          description:
            "The first hat of a workspace narrows every key in it to what the workspace's hats show.",
        },
      },
    )
    .get(
      "/hats/:id",
      async ({ params, actor }) =>
        describeHat(await requireHat(changes.db, actor.organizationId, params.id)),
      {
        params: schemas.hatParams,
        response: { 200: schemas.HatSchema },
        detail: { operationId: "showHat", tags, summary: "Show a hat" },
      },
    )
    .patch(
      "/hats/:id",
      ({ params, body, actor }) => changeHat(changes, { hatId: params.id, input: body, actor }),
      {
        params: schemas.hatParams,
        body: schemas.ChangeHatSchema,
        response: { 200: schemas.HatSchema, 409: ErrorSchema },
        detail: {
          operationId: "changeHat",
          tags,
          summary: "Change a hat",
          description: "Effective for everybody who wears it when the call returns.",
        },
      },
    )
    .delete(
      "/hats/:id",
      async ({ params, actor, set }) => {
        await deleteHat(changes, { hatId: params.id, actor });
        set.status = 204;
      },
      {
        params: schemas.hatParams,
        response: { 204: Type.Void({ description: "The hat is gone." }), 409: ErrorSchema },
        detail: {
          operationId: "deleteHat",
          tags,
          summary: "Delete a hat",
          description:
            "409 while a key wears it. Without its last hat a workspace shows all skills again.",
        },
      },
    )
    .get(
      "/hats/:id/wearers",
      async ({ params, query, actor }) => {
        const { id: hatId } = await requireHat(changes.db, actor.organizationId, params.id);
        const { cursor, limit = wearersShown } = query;
        const afterId =
          cursor === undefined ? undefined : decodeCursor(cursor, wearerOrder, "number").id;
        const ids = await listWearers(changes.db, hatId, { limit, afterId });
        const shown = ids.slice(0, limit);
        const last = ids.length > limit ? shown.at(-1) : undefined;
        return {
          data: shown.map((id) => ({ id, type: wearerType(id) })),
          next_cursor: last === undefined ? null : encodeCursor(wearerOrder, 0, last),
        };
      },
      {
        transform: readIntegers,
        params: schemas.hatParams,
        query: pageQuery(wearerOrder),
        response: { 200: schemas.WearerListSchema },
        detail: { operationId: "listWearers", tags, summary: "List who wears a hat" },
      },
    )
    .put(
      "/hats/:id/wearers/:wearer_id",
      async ({ params, actor, set }) => {
        const { id: hatId, wearer_id: wearerId } = params;
        await putOnHat(changes, { hatId, wearerId, actor });
        set.status = 204;
      },
      {
        params: schemas.wearerParams,
        response: { 204: Type.Void({ description: "The hat is on." }) },
        detail: {
          operationId: "putOnHat",
          tags,
          summary: "Put a hat on",
          description: "A key of the hat's workspace, or a user or a team of the organization.",
        },
      },
    )
    .delete(
      "/hats/:id/wearers/:wearer_id",
      async ({ params, actor, set }) => {
        const { id: hatId, wearer_id: wearerId } = params;
        await takeOffHat(changes, { hatId, wearerId, actor });
        set.status = 204;
      },
      {
        params: schemas.wearerParams,
        response: { 204: Type.Void({ description: "The hat is off." }) },
        detail: {
          operationId: "takeOffHat",
          tags,
          summary: "Take a hat off",
          description: "A key that takes off its last hat sees what its workspace's hats show.",
        },
      },
    );
}

const wearerTypes = { key: "key", usr: "user", team: "team" } as const;

function wearerType(id: string): schemas.Wearer["type"] {
  return wearerTypes[id.slice(0, id.indexOf("_")) as keyof typeof wearerTypes];
}
