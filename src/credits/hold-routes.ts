import { Elysia } from "elysia";
import type { Authorizer } from "../http/authorize.ts";
import { ErrorSchema } from "../http/error-schemas.ts";
import type { Answer, Idempotency } from "../http/idempotency.ts";
import { management } from "../http/management.ts";
import { chargeMark } from "../http/openapi/charge-mark.ts";
import { idempotentMark } from "../http/openapi/idempotency-key.ts";
import { chargeHeaders } from "./charge-headers.ts";
import type { CreditsContext } from "./credits-context.ts";
import { describeHold } from "./describe-credits.ts";
import { releaseHold, requireHold, type Settled, settleHold } from "./hold-verbs.ts";
import { microsToUsd } from "./micros.ts";
import * as schemas from "./schemas.ts";

const tags = ["Credits"];

/** `/v1/holds/:id`: what becomes of credits that were reserved for a call. */
export function holdRoutes(services: {
  authorizer: Authorizer;
  idempotency: Idempotency;
  credits: CreditsContext;
}) {
  const { credits, idempotency } = services;
  return new Elysia({ name: "holds" })
    .use(management(services.authorizer))
    .get(
      "/v1/holds/:id",
      async ({ params, actor }) =>
        describeHold(await requireHold(credits.db, actor.organizationId, params.id)),
      {
        params: schemas.holdParams,
        response: { 200: schemas.HoldSchema },
        detail: { operationId: "showHold", tags, summary: "Show a hold" },
      },
    )
    .post(
      "/v1/holds/:id/settle",
      ({ request, params, body, actor }) =>
        idempotency.run({ request, actor, payload: body }, async (remember) => {
          const settled = await settleHold(credits, {
            organizationId: actor.organizationId,
            holdId: params.id,
            real: body,
            alongside: (made) => remember(answerSettled(made)),
          });
          return answerSettled(settled);
        }),
      {
        params: schemas.holdParams,
        body: schemas.SettleHoldSchema,
        response: { 200: schemas.SettledHoldSchema, 402: ErrorSchema, 409: ErrorSchema },
        detail: {
          [idempotentMark]: true,
          [chargeMark]: true,
          operationId: "settleHold",
          tags,
          summary: "Settle a hold to the real cost",
          description:
            "Charges what the call cost, or its units by the price in force when it was held, and gives the rest back. More than was held is charged if balance and limits allow it; else 402, and the hold stays open.",
        },
      },
    )
    .post(
      "/v1/holds/:id/release",
      ({ request, params, actor }) =>
        idempotency.run({ request, actor, payload: {} }, async (remember) => {
          const released = await releaseHold(credits, {
            organizationId: actor.organizationId,
            holdId: params.id,
            alongside: (hold) => remember({ status: 200, body: describeHold(hold) }),
          });
          return { status: 200, body: describeHold(released) };
        }),
      {
        params: schemas.holdParams,
        response: { 200: schemas.HoldSchema, 409: ErrorSchema },
        detail: {
          [idempotentMark]: true,
          operationId: "releaseHold",
          tags,
          summary: "Give back what a hold reserves",
        },
      },
    );
}

function answerSettled({ hold, availableMicros }: Settled): Answer {
  const body = {
    hold: describeHold(hold),
    charged: microsToUsd(hold.settledMicros ?? 0),
    remaining_credits: microsToUsd(availableMicros),
  };
  return { status: 200, body, headers: chargeHeaders(body) };
}
