import { type Static, type TProperties, Type } from "@sinclair/typebox";
import { deliveryStates, eventTypes } from "../core/events.ts";
import { pageParameters, pageSchema } from "../http/pagination.ts";
import {
  id,
  literals,
  nullable,
  optionalTimestamp,
  printableLine,
  strictObject,
  timestamp,
} from "../http/schema-parts.ts";
import { webhookUrlLengthMax } from "./target-url.ts";

/** Seconds for which the secret before signs too. */
export const secretGraceSecondsMax = 604_800;
export const secretGraceSecondsDefault = 86_400;

const organizationId = id("Id or slug.", "org_019aa4c1f7d97c01a6e1b8c2d4f60a11");
const webhookId = id("Id of the webhook.", "wh_019aa4c1f7e97c01a6e1b8c2d4f60a31");
const deliveryId = id("Id of the delivery.", "dlv_019aa4c1f7ea7c01a6e1b8c2d4f60a32");

/** The parameters of an organization's path. */
export const ofOrganization = { id: organizationId };
/** Those of a webhook's path, behind those of its owner's. */
export const webhookParams = <T extends TProperties>(owner: T) =>
  Type.Object({ ...owner, webhook_id: webhookId });
/** Those of a delivery's. */
export const deliveryParams = <T extends TProperties>(owner: T) =>
  Type.Object({ ...owner, webhook_id: webhookId, delivery_id: deliveryId });

const url = Type.String({
  minLength: 1,
  maxLength: webhookUrlLengthMax,
  pattern: "^https?://[\\x21-\\x7e]+$",
  description: "Where events are posted: https, and a public address when it is called.",
  examples: ["https://billing.example.com/tollgate"],
});
const description = nullable(
  Type.String({
    minLength: 1,
    maxLength: 200,
    pattern: printableLine,
    examples: ["Tells billing"],
  }),
  { description: "What it is for." },
);
const types = nullable(
  Type.Array(literals(eventTypes, "A type of event."), {
    minItems: 1,
    maxItems: eventTypes.length,
    examples: [["credits.low", "credits.exhausted"]],
  }),
  { description: "Which events; null is all of them, those of later versions too." },
);
const enabled = Type.Boolean({
  description: "Switched off, it is told nothing, and what waits for it is given up.",
  examples: [true],
});

const fields = {
  id: webhookId,
  organization_id: nullable(organizationId, {
    description: "Whose events; null is the operator's, for those of all organizations.",
  }),
  url,
  description,
  event_types: types,
  enabled,
  failing_since: optionalTimestamp(
    "The first failure since something arrived; null while all is well. After 5 days it is disabled.",
  ),
  old_secret_expires_at: optionalTimestamp(
    "Until when the secret before signs too; null when there is none.",
  ),
  created_at: timestamp("When it was made."),
  created_by: Type.String({
    description: "The user or key who made it.",
    examples: ["usr_019aa4c1f7db7c01a6e1b8c2d4f60a15"],
  }),
  updated_at: timestamp("When it was last changed."),
};

export const WebhookSchema = strictObject(fields, {
  title: "Webhook",
  description: "An address that is told of events.",
});
export type Webhook = Static<typeof WebhookSchema>;

export const WebhookWithSecretSchema = strictObject(
  {
    ...fields,
    secret: Type.String({
      description: "What deliveries are signed with. It is shown here and never again.",
      examples: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="],
    }),
  },
  { title: "WebhookWithSecret", description: "A webhook with its new secret." },
);
export type WebhookWithSecret = Static<typeof WebhookWithSecretSchema>;

export const WebhookPageSchema = pageSchema(
  WebhookSchema,
  "WebhookPage",
  "A page of webhooks, the oldest first.",
);

export const CreateWebhookSchema = strictObject(
  {
    url,
    description: Type.Optional(description),
    event_types: Type.Optional(types),
    enabled: Type.Optional(enabled),
  },
  {
    title: "CreateWebhook",
    description: "A new webhook.",
    examples: [{ url: "https://billing.example.com/tollgate", event_types: ["credits.low"] }],
  },
);
export type CreateWebhook = Static<typeof CreateWebhookSchema>;

export const ChangeWebhookSchema = strictObject(
  { ...CreateWebhookSchema.properties, url: Type.Optional(url) },
  {
    title: "ChangeWebhook",
    description: "What is to change; the rest stays.",
    examples: [{ enabled: true }],
  },
);
export type ChangeWebhook = Static<typeof ChangeWebhookSchema>;

export const RotateWebhookSecretSchema = strictObject(
  {
    grace_period_seconds: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: secretGraceSecondsMax,
        default: secretGraceSecondsDefault,
        description: "For how long the old secret signs too.",
        examples: [secretGraceSecondsDefault],
      }),
    ),
  },
  {
    title: "RotateWebhookSecret",
    description: "How to hand over to the new secret.",
    examples: [{ grace_period_seconds: secretGraceSecondsDefault }],
  },
);
export type RotateWebhookSecret = Static<typeof RotateWebhookSecretSchema>;

export const DeliverySchema = strictObject(
  {
    id: deliveryId,
    webhook_id: webhookId,
    state: literals(deliveryStates, "`failed` is given up; a replay begins anew."),
    attempts: Type.Integer({
      minimum: 0,
      description: "Tries so far, or since it was replayed.",
      examples: [1],
    }),
    next_attempt_at: optionalTimestamp("When it is tried next; null when that is over."),
    last_attempt_at: optionalTimestamp("When it was tried last; null for never."),
    last_status: nullable(Type.Integer({ examples: [503] }), {
      description: "The status of the last answer; null when there was none.",
    }),
    last_error: nullable(Type.String({ examples: ["It answered 503."] }), {
      description: "Why the last try failed.",
    }),
    created_at: timestamp("When it was made."),
    event: strictObject(
      {
        id: Type.String({
          description: "Its `webhook-id`, the same at every try and for every webhook.",
          examples: ["evt_019aa4c1f7eb7c01a6e1b8c2d4f60a33"],
        }),
        type: literals(eventTypes, "What happened."),
        timestamp: timestamp("When it happened."),
        data: Type.Record(Type.String(), Type.Unknown(), {
          description: "What is told of it.",
          examples: [{ organization_id: "org_019aa4c1f7d97c01a6e1b8c2d4f60a11", available: 9.5 }],
        }),
      },
      { description: "The event; type, timestamp and data are what is posted." },
    ),
  },
  { title: "Delivery", description: "An event on its way to a webhook." },
);
export type Delivery = Static<typeof DeliverySchema>;

export const DeliveryPageSchema = pageSchema(
  DeliverySchema,
  "DeliveryPage",
  "A page of deliveries, the newest first.",
);

export const deliveryOrder = "deliveries";
export const ListDeliveriesQuerySchema = strictObject({
  ...pageParameters(deliveryOrder),
  state: Type.Optional(literals(deliveryStates, "Only deliveries in this state.")),
});
