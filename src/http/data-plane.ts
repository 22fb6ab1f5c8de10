import { Elysia } from "elysia";
import type { Authenticator } from "./authenticate.ts";
import { readJsonBody } from "./json-body.ts";
import { refuseRepeatedParameters } from "./request-path.ts";

/**
 * For data-plane routes that read a body or parameters: whoever may not call them learns no rules and
 * has no body read. The route itself admits and counts the call.
 */
export function dataPlane(authenticator: Authenticator) {
  return new Elysia({ name: "data-plane" })
    .onParse({ as: "scoped" }, async ({ request, set }) => {
      await authenticator.recognize({ request, headers: set.headers });
      return request.method === "DELETE" ? {} : readJsonBody(request);
    })
    .onTransform({ as: "scoped" }, async ({ request, set }) => {
      set.headers["cache-control"] = "no-store";
      await authenticator.recognize({ request, headers: set.headers });
      refuseRepeatedParameters(request);
    });
}
