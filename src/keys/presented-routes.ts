import { Elysia } from "elysia";
import type { Authenticator } from "../http/authenticate.ts";
import { newRequestId } from "../http/request-id.ts";
import type { KeyGate } from "./key-gate.ts";
import type { LiveSecret } from "./live-key.ts";
import { faceOf } from "./present-key.ts";
import * as schemas from "./presented-schemas.ts";

/** `GET /key` and the paths that clients of other systems know it by. */
export function presentedKeyRoutes(services: { authenticator: Authenticator; gate: KeyGate }) {
  const { authenticator, gate } = services;

  const answer = ({ live }: LiveSecret): Response => {
    const face = faceOf(live);
    const headers = face.headersFor(live.counters, gate.windowClock, newRequestId());
    return new Response(face.bodyFor(live, gate.windowClock), { headers });
  };

  // Elysia reads a handler's source to see what it needs. Named in the parameter, these three are all
  // it prepares; a `context` taken whole gets headers, cookies and a promise too: half of the speed.
  const handle = ({
    request,
    set,
    query,
  }: {
    request: Request;
    set: { headers: Record<string, unknown> };
    query: schemas.PresentedKeyQuery;
  }) => {
    const scopes = query.scope === undefined ? none : query.scope.split(" ").filter(Boolean);
    const ask = { scopes, model: query.model, provider: query.provider };
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
    .get("/key", handle, describe("showPresentedKey", "Show the presented key"))
    .get("/v1/key", handle, describe("showPresentedKeyV1", "Show the presented key (alias)"))
    .get(
      "/api/v1/key",
      handle,
      describe("showPresentedKeyApiV1", "Show the presented key (alias)"),
    );
}

const none: readonly string[] = [];
