import { Elysia } from "elysia";
import type { AnswerHeaders, Authenticator } from "../http/authenticate.ts";
import { newRequestId } from "../http/request-id.ts";
import { refuseRepeatedParameters } from "../http/request-path.ts";
import type { KeyGate } from "./key-gate.ts";
import type { LiveSecret } from "./live-key.ts";
import * as schemas from "./presented-schemas.ts";

/** The paths of `GET /key`: its own, and those that clients of other systems know it by. */
export const presentedKeyPaths = ["/key", "/v1/key", "/api/v1/key"] as const;

interface Services {
  authenticator: Authenticator;
  gate: KeyGate;
}

/**
 * The answer to `GET /key` without parameters. `headers` gets the state of the key's limits when the
 * call is refused. Throws what the decision throws.
 */
export function presentedKeyAnswer({ authenticator, gate }: Services) {
  const describe = describePresented(gate);
  const ask = { scopes: none };
  return (request: Request, headers: AnswerHeaders): Response | Promise<Response> =>
    authenticator.admit({ request, headers }, ask, describe);
}

/** The routes of `GET /key`, with and without parameters. */
export function presentedKeyRoutes({ authenticator, gate }: Services) {
  const answer = describePresented(gate);

  const handle = (context: {
    request: Request;
    set: { headers: Record<string, unknown> };
    query: schemas.PresentedKeyQuery;
  }) => {
    const { request, set, query } = context;
    const scopes = query.scope === undefined ? none : query.scope.split(" ");
    const { model, provider, skill } = query;
    const ask = { scopes, model, provider, skill };
    return authenticator.admit({ request, headers: set.headers }, ask, answer);
  };

  const describe = (operationId: string, summary: string) => ({
    query: schemas.PresentedKeyQuerySchema,
    response: { 200: schemas.PresentedKeySchema },
    detail: {
      operationId,
      tags: ["Presented key"],
      summary,
      description:
        "Tells about the key that is presented, and counts as one request. With parameters it answers 403 where the call they describe would be refused.",
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
function describePresented(gate: KeyGate): (secret: LiveSecret) => Response {
  return (secret) => {
    const headers = gate.faces.headersOf(secret, newRequestId());
    return new Response(gate.faces.bodyOf(secret), { headers });
  };
}

const none: readonly string[] = [];
