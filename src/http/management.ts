import { Elysia } from "elysia";
import type { Actor } from "../organizations/actor.ts";
import type { Authenticator } from "./authenticate.ts";
import { readJsonBody } from "./json-body.ts";

/**
 * For management routes: `actor` in the handler, authenticated and authorized before the body is
 * read or anything is validated, so that a stranger learns nothing and costs little. Elysia parses
 * bodies before it derives, so the parser asks first where there is a body.
 */
export function management(authenticator: Authenticator) {
  const authenticate = (context: Incoming) => {
    const { request, route, set } = context;
    set.headers["cache-control"] = "no-store";
    const call = { request, headers: set.headers };
    context.authenticated ??= authenticator.manage(call, `${request.method} ${route}`);
    return context.authenticated;
  };
  return new Elysia({ name: "management" })
    .onParse({ as: "scoped" }, async (context) => {
      await authenticate(context);
      // A body of DELETE means nothing (RFC 9110 section 9.3.5).
      return context.request.method === "DELETE" ? {} : readJsonBody(context.request);
    })
    .derive({ as: "scoped" }, async (context) => ({ actor: await authenticate(context) }));
}

interface Incoming {
  request: Request;
  route: string;
  set: { headers: Record<string, unknown> };
  authenticated?: Promise<Actor>;
}
