import { Elysia } from "elysia";
import { readAmount } from "../credits/amount-schemas.ts";
import type { Ledger } from "../credits/ledger.ts";
import type { Dialect, Envelope } from "../dialects/dialect.ts";
import type { AnswerHeaders, Authenticator } from "../http/authenticate.ts";
import { ErrorSchema } from "../http/error-schemas.ts";
import { newRequestId } from "../http/request-id.ts";
import { refuseRepeatedParameters } from "../http/request-path.ts";
import * as denials from "./denials.ts";
import type { KeyGate } from "./key-gate.ts";
import type { LiveSecret } from "./live-key.ts";
import * as schemas from "./presented-schemas.ts";

/** The paths of `GET /key`: its own, and those that clients of other systems know it by. */
export const presentedKeyPaths = ["/key", "/v1/key", "/api/v1/key"] as const;

interface Services {
  authenticator: Authenticator;
  gate: KeyGate;
  ledger: Ledger;
  billingUrl: string | undefined;
}

/**
 * The answer to `GET /key` without parameters. `headers` gets the state of the key's limits when the
 * call is refused. Throws what the decision throws.
 */
export function presentedKeyAnswer({
  authenticator,
  gate,
  dialect: { envelope },
}: Pick<Services, "authenticator" | "gate"> & { dialect: Dialect }) {
  const describe = describePresented(gate, envelope);
  const ask = { scopes: none };
  return (request: Request, headers: AnswerHeaders): Response | Promise<Response> =>
    authenticator.admit({ request, headers }, ask, describe);
}

/** The routes of `GET /key`, with and without parameters. */
export function presentedKeyRoutes(services: Services) {
  const { authenticator, gate } = services;
  // `enveloping` wraps these, as it does every route.
  const answer = describePresented(gate);

  /** What the ledger would say of a charge, by the same rules. */
  const shortOf = (micros: number) => async (secret: LiveSecret) => {
    const shortage = await services.ledger.shortage(secret.live.id, micros);
    return shortage && denials.shortOf(shortage, services.billingUrl);
  };

  const handle = (context: {
    request: Request;
    set: { headers: Record<string, unknown> };
    query: schemas.PresentedKeyQuery;
  }) => {
    const { request, set, query } = context;
    const scopes = query.scope === undefined ? none : query.scope.split(" ");
    const { model, provider, skill } = query;
    const ask = { scopes, model, provider, skill };
    if (query.cost !== undefined) {
      const micros = readAmount("cost", Number(query.cost));
      const call = { request, headers: set.headers };
      return authenticator.admitWithMoney(call, ask, shortOf(micros), answer);
    }
    return authenticator.admit({ request, headers: set.headers }, ask, answer);
  };

  const describe = (operationId: string, summary: string) => ({
    query: schemas.PresentedKeyQuerySchema,
    response: { 200: schemas.PresentedKeySchema, 402: ErrorSchema },
    detail: {
      operationId,
      tags: ["Presented key"],
      summary,
      description:
        "Tells about the key that is presented, and counts as one request. With parameters it answers 403 or 402 where the call they describe would be refused, and charges nothing.",
    },
  });

  return new Elysia({ name: "presented-key" })
    .onTransform(async ({ request, set }) => {
      await authenticator.recognize({ request, headers: set.headers });
      refuseRepeatedParameters(request);
    })
    .get(presentedKeyPaths[0], handle, describe("showPresentedKey", "Show the presented key"))
    .get(
      presentedKeyPaths[1],
      handle,
      describe("showPresentedKeyV1", "Show the presented key (alias)"),
    )
    .get(
      presentedKeyPaths[2],
      handle,
      describe("showPresentedKeyApiV1", "Show the presented key (alias)"),
    );
}

/** The answer for a key that was let in, with a request id among its headers. */
function describePresented(gate: KeyGate, envelope?: Envelope): (secret: LiveSecret) => Response {
  if (envelope === undefined) {
    return (secret) => {
      const headers = gate.faces.headersOf(secret, newRequestId());
      return new Response(gate.faces.bodyOf(secret), { headers });
    };
  }
  const before = envelope.before(200);
  return (secret) => {
    const headers = gate.faces.headersOf(secret, newRequestId());
    return new Response(before + gate.faces.bodyOf(secret) + envelope.after, { headers });
  };
}

const none: readonly string[] = [];
