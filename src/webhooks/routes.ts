import { type TObject, type TProperties, type TString, Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Authorizer } from "../http/authorize.ts";
import { ErrorSchema } from "../http/error-schemas.ts";
import type { Idempotency } from "../http/idempotency.ts";
import { management } from "../http/management.ts";
import { idempotentMark } from "../http/openapi/idempotency-key.ts";
import { pageOf, pageQuery, readIntegers, toPage } from "../http/pagination.ts";
import type { Actor } from "../organizations/actor.ts";
import { changeWebhook, deleteWebhook, requireWebhook } from "./change-webhook.ts";
import { createWebhook } from "./create-webhook.ts";
import { listDeliveries } from "./delivery-store.ts";
import { describeDelivery, describeWebhook } from "./describe-webhook.ts";
import { replayDelivery } from "./replay-delivery.ts";
import { rotateWebhookSecret } from "./rotate-webhook-secret.ts";
import * as schemas from "./schemas.ts";
import { listWebhooks, type WebhookOwner } from "./webhook-store.ts";
import type { WebhooksContext } from "./webhooks-context.ts";

const tags = ["Webhooks"];
const order = "webhooks";

interface WebhookServices {
  authorizer: Authorizer;
  idempotency: Idempotency;
  webhooks: WebhooksContext;
}

/** The same operations on the webhooks of an organization and on the operator's. */
interface Scope {
  prefix: string;
  /** Goes into the ids of operations: `listWebhooks`, `listInstanceWebhooks`. */
  name: "" | "Instance";
  whose: string;
  pathParams: TProperties;
  ownerOf: (actor: Actor) => WebhookOwner;
}

/** `/organizations/:id/webhooks`: where an organization's events go. */
export function webhookRoutes(services: WebhookServices) {
  return routesOf(services, {
    prefix: "/organizations/:id/webhooks",
    name: "",
    whose: "an organization",
    pathParams: schemas.ofOrganization,
    ownerOf: ({ organizationId }) => organizationId,
  });
}

/** `/webhooks`: the operator's, which are told of the events of all organizations. */
export function instanceWebhookRoutes(services: WebhookServices) {
  return routesOf(services, {
    prefix: "/webhooks",
    name: "Instance",
    whose: "the operator",
    pathParams: {},
    ownerOf: () => null,
  });
}

function routesOf(services: WebhookServices, scope: Scope) {
  const { webhooks } = services;
  const { name, whose, ownerOf } = scope;
  const { ofList, ofOne } = paramsOf(scope);
  return new Elysia({ name: `webhooks of ${whose}`, prefix: scope.prefix })
    .use(management(services.authorizer))
    .get(
      "",
      async ({ query, actor }) => {
        const page = pageOf(query, order);
        return toPage(
          await listWebhooks(webhooks.db, ownerOf(actor), page),
          page,
          order,
          describeWebhook,
        );
      },
      {
        transform: readIntegers,
        ...ofList,
        query: pageQuery(order),
        response: { 200: schemas.WebhookPageSchema },
        detail: { operationId: `list${name}Webhooks`, tags, summary: `List webhooks of ${whose}` },
      },
    )
    .post(
      "",
      ({ request, body, actor }) =>
        services.idempotency.create({ request, actor, payload: body }, (alongside) =>
          createWebhook(webhooks, { owner: ownerOf(actor), input: body, actor, alongside }),
        ),
      {
        ...ofList,
        body: schemas.CreateWebhookSchema,
        response: { 201: schemas.WebhookWithSecretSchema, 409: ErrorSchema },
        detail: {
          [idempotentMark]: true,
          operationId: `create${name}Webhook`,
          tags,
          summary: `Create a webhook of ${whose}`,
          description: "Events are posted there, signed as Standard Webhooks says.",
        },
      },
    )
    .get(
      "/:webhook_id",
      async ({ params, actor }) =>
        describeWebhook(await requireWebhook(webhooks.db, ownerOf(actor), params.webhook_id)),
      {
        params: ofOne,
        response: { 200: schemas.WebhookSchema },
        detail: { operationId: `show${name}Webhook`, tags, summary: `Show a webhook of ${whose}` },
      },
    )
    .patch(
      "/:webhook_id",
      ({ params, body, actor }) =>
        changeWebhook(webhooks, {
          owner: ownerOf(actor),
          webhookId: params.webhook_id,
          input: body,
          actor,
        }),
      {
        params: ofOne,
        body: schemas.ChangeWebhookSchema,
        response: { 200: schemas.WebhookSchema },
        detail: {
          operationId: `change${name}Webhook`,
          tags,
          summary: `Change a webhook of ${whose}`,
        },
      },
    )
    .delete(
      "/:webhook_id",
      async ({ params, actor, set }) => {
        await deleteWebhook(webhooks, {
          owner: ownerOf(actor),
          webhookId: params.webhook_id,
          actor,
        });
        set.status = 204;
      },
      {
        params: ofOne,
        response: { 204: Type.Void({ description: "The webhook is gone." }) },
        detail: {
          operationId: `delete${name}Webhook`,
          tags,
          summary: `Delete a webhook of ${whose}`,
        },
      },
    )
    .use(deliveryRoutesOf(services, scope));
}

function deliveryRoutesOf({ authorizer, idempotency, webhooks }: WebhookServices, scope: Scope) {
  const { name, whose, ownerOf } = scope;
  const { ofOne, ofDelivery } = paramsOf(scope);
  return new Elysia({ name: `deliveries of ${whose}` })
    .use(management(authorizer))
    .post(
      "/:webhook_id/rotate-secret",
      ({ request, params, body, actor }) =>
        idempotency.run({ request, actor, payload: body }, async (remember) => ({
          status: 200,
          body: await rotateWebhookSecret(webhooks, {
            owner: ownerOf(actor),
            webhookId: params.webhook_id,
            input: body,
            actor,
            alongside: (rotated) => remember({ status: 200, body: rotated }),
          }),
        })),
      {
        params: ofOne,
        body: schemas.RotateWebhookSecretSchema,
        response: { 200: schemas.WebhookWithSecretSchema, 409: ErrorSchema },
        detail: {
          [idempotentMark]: true,
          operationId: `rotate${name}WebhookSecret`,
          tags,
          summary: `Give a webhook of ${whose} a new secret`,
          description: "Until the end of the grace period deliveries carry a signature by each.",
        },
      },
    )
    .get(
      "/:webhook_id/deliveries",
      async ({ params, query, actor }) => {
        const { id: webhookId } = await requireWebhook(
          webhooks.db,
          ownerOf(actor),
          params.webhook_id,
        );
        const page = pageOf(query, schemas.deliveryOrder);
        const rows = await listDeliveries(webhooks.db, { webhookId, state: query.state }, page);
        return toPage(rows, page, schemas.deliveryOrder, describeDelivery);
      },
      {
        transform: readIntegers,
        params: ofOne,
        query: schemas.ListDeliveriesQuerySchema,
        response: { 200: schemas.DeliveryPageSchema },
        detail: {
          operationId: `list${name}Deliveries`,
          tags,
          summary: `List deliveries to a webhook of ${whose}`,
        },
      },
    )
    .post(
      "/:webhook_id/deliveries/:delivery_id/replay",
      ({ params, actor }) =>
        replayDelivery(webhooks, {
          owner: ownerOf(actor),
          webhookId: params.webhook_id,
          deliveryId: params.delivery_id,
          actor,
        }),
      {
        params: ofDelivery,
        response: { 200: schemas.DeliverySchema, 409: ErrorSchema },
        detail: {
          operationId: `replay${name}Delivery`,
          tags,
          summary: `Replay a delivery to a webhook of ${whose}`,
          description: "Due now, with all its tries before it and the same `webhook-id`.",
        },
      },
    );
}

/** Elysia reads the names of parameters from the path, which here is not known before. */
function paramsOf({ pathParams }: Scope) {
  return {
    // Without parameters there is nothing to validate, which Elysia does all the same.
    ofList: Object.keys(pathParams).length === 0 ? {} : { params: Type.Object(pathParams) },
    ofOne: schemas.webhookParams(pathParams) as unknown as TObject<{ webhook_id: TString }>,
    ofDelivery: schemas.deliveryParams(pathParams) as unknown as TObject<{
      webhook_id: TString;
      delivery_id: TString;
    }>,
  };
}
