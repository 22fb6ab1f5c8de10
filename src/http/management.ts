import { Elysia } from "elysia";
import type { Authenticator } from "./authenticate.ts";
import { readJsonBody } from "./json-body.ts";
import { refuseRepeatedParameters } from "./request-path.ts";

/**
 * For management routes: `actor` in the handler. A call is authorized before its body is read, so
 * that a stranger learns nothing and costs little, and once more when the body is there: a body can
 * be held back for as long as a connection lives, and the key be revoked in the meantime.
 */
export function management(authenticator: Authenticator) {
  return new Elysia({ name: "management" })
    .onParse({ as: "scoped" }, async ({ request, route, set }) => {
      await authenticator.authorize({ request, headers: set.headers }, routeName(request, route));
      // A body of DELETE means nothing (RFC 9110 section 9.3.5).
      return request.method === "DELETE" ? {} : readJsonBody(request);
    })
    .derive({ as: "scoped" }, async ({ request, route, set }) => {
      set.headers["cache-control"] = "no-store";
      const call = { request, headers: set.headers };
      const actor = await authenticator.manage(call, routeName(request, route));
      refuseRepeatedParameters(request);
      return { actor };
    });
}

function routeName(request: Request, route: string): string {
  return `${request.method} ${route}`;
}
