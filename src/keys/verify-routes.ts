import { Elysia } from "elysia";
import { chargeHeaders } from "../credits/charge-headers.ts";
import type { Ledger } from "../credits/ledger.ts";
import { sumUsd } from "../credits/micros.ts";
import type { AnswerHeaders } from "../http/authenticate.ts";
import type { Authorizer } from "../http/authorize.ts";
import { ErrorSchema } from "../http/error-schemas.ts";
import { type Answer, type Idempotency, isRetriable } from "../http/idempotency.ts";
import { management } from "../http/management.ts";
import type { Metrics } from "../http/metrics.ts";
import { chargeMark } from "../http/openapi/charge-mark.ts";
import { idempotentMark } from "../http/openapi/idempotency-key.ts";
import type { PriceBook } from "../prices/price-book.ts";
import type { KeyGate } from "./key-gate.ts";
import { requireCosts } from "./verify-cost.ts";
import { holdCredits, verifyKey } from "./verify-key.ts";
import * as schemas from "./verify-schemas.ts";

/** Verifications done before others get their turn: each may compare hundreds of scopes. */
const keysPerTurn = 10;

const tags = ["Verification"];

/** `/v1/keys/verify`: the API behind asks whether a key may do something, and charges it. */
export function verifyRoutes(services: {
  authorizer: Authorizer;
  idempotency: Idempotency;
  gate: KeyGate;
  metrics: Metrics;
  ledger: Ledger;
  prices: { book: PriceBook };
  billingUrl: string | undefined;
}) {
  const { idempotency } = services;
  /** Without an answer kept for a retry. */
  const verifyOnce = async (
    asked: { organizationId: string; input: schemas.VerifyKey },
    headers: AnswerHeaders,
  ): Promise<schemas.Verdict> => {
    const verdict = await verifyKey(services, asked);
    Object.assign(headers, headersOf(verdict));
    return verdict;
  };
  return new Elysia({ name: "verify" })
    .use(management(services.authorizer))
    .post(
      "/v1/keys/verify",
      ({ request, body, actor, set }) => {
        const { organizationId } = actor;
        const isCharging = body.cost !== undefined || body.units !== undefined;
        if (!isCharging || !isRetriable(request)) {
          return verifyOnce({ organizationId, input: body }, isCharging ? set.headers : {});
        }
        return idempotency.run({ request, actor, payload: body }, async (remember) => {
          const alongside = (verdict: schemas.Verdict) => remember(answerOf(verdict));
          const asked = { organizationId, input: body, alongside };
          return answerOf(await verifyKey(services, asked));
        });
      },
      {
        body: schemas.VerifyKeySchema,
        response: { 200: schemas.VerdictSchema },
        detail: {
          [idempotentMark]: true,
          [chargeMark]: true,
          operationId: "verifyKey",
          tags,
          summary: "Verify a key, and charge it",
          description:
            "Always 200: `valid` tells whether, `code` why not. A valid key is counted once against its limits, and with `cost`, or `units` by the price in force, charged; the answer comes when the charge is on the disk. A refusal uses up nothing.",
        },
      },
    )
    .post(
      "/v1/holds",
      ({ request, body, actor }) =>
        idempotency.run({ request, actor, payload: body }, async (remember) => {
          const alongside = (verdict: schemas.Verdict) => remember(answerOf(verdict));
          const asked = { organizationId: actor.organizationId, input: body, alongside };
          return answerOf(await holdCredits(services, asked));
        }),
      {
        body: schemas.HoldCreditsSchema,
        response: { 200: schemas.HeldVerdictSchema, 409: ErrorSchema },
        detail: {
          [idempotentMark]: true,
          operationId: "holdCredits",
          tags: ["Credits"],
          summary: "Verify a key, and hold what its request can cost",
          description:
            "200 whatever the verdict, as verify is; 409 for a repeated request whose hold has ended. Settle the hold with what the request cost, or release it; after its time it is released by itself.",
        },
      },
    )
    .post(
      "/v1/keys/verify-batch",
      ({ request, body, actor }) =>
        idempotency.runByName({ request, actor, payload: body }, async (name) => {
          const { organizationId } = actor;
          // A request that has a name is charged once, whatever cuts this one off.
          const inputs = body.keys.map((input, at) =>
            name === undefined ? input : { request_id: `${name}.${at}`, ...input },
          );
          await requireCosts(inputs, services);
          const data: schemas.Verdict[] = [];
          for (let at = 0; at < inputs.length; at += keysPerTurn) {
            const some = inputs.slice(at, at + keysPerTurn);
            const verdicts = some.map((input) => verifyKey(services, { organizationId, input }));
            data.push(...(await Promise.all(verdicts)));
            await new Promise(setImmediate);
          }
          return { status: 200, body: { data }, headers: headersOfAll(data) };
        }),
      {
        body: schemas.VerifyBatchSchema,
        response: { 200: schemas.VerdictListSchema },
        detail: {
          [idempotentMark]: true,
          [chargeMark]: true,
          operationId: "verifyKeys",
          tags,
          summary: "Verify up to 100 keys",
          description: "As many verdicts as keys, in their order.",
        },
      },
    );
}

/** With what it says of money in headers too, when it is of a key that is known. */
function answerOf(verdict: schemas.Verdict): Answer {
  return { status: 200, body: verdict, headers: headersOf(verdict) };
}

/** Of several: the sum of what they cost, and what the last one left. */
function headersOfAll(verdicts: readonly schemas.Verdict[]): Record<string, string> {
  const charged = sumUsd(verdicts.map((verdict) => verdict.charged));
  const last = verdicts.findLast(({ key }) => key !== null);
  if (charged === 0 || last === undefined) return {};
  return chargeHeaders({ charged, remaining_credits: last.remaining_credits });
}

function headersOf(verdict: schemas.Verdict): Record<string, string> {
  return verdict.key === null ? {} : chargeHeaders(verdict);
}
