import { Elysia } from "elysia";
import { importBytesMax, importValuesMax } from "../keys/import-schemas.ts";
import type { Authenticator } from "./authenticate.ts";
import type { Authorizer } from "./authorize.ts";
import { refuseCrossSite } from "./cross-site.ts";
import { type BodyBounds, readJsonBody } from "./json-body.ts";
import { refuseRepeatedParameters } from "./request-path.ts";

/**
 * For management routes: `actor` in the handler. A call is authorized before its body is read, so
 * that a stranger learns nothing and costs little, and once more when the body is there: a body can
 * be held back for as long as a connection lives, and the key be revoked in the meantime.
 */
export function management(authorizer: Authorizer) {
  return new Elysia({ name: "management" })
    .onParse({ as: "scoped" }, async ({ request, route, set }) => {
      const name = routeName(request, route);
      const call = { request, headers: set.headers };
      await authorizer.authorize(call, name);
      return readBody(request, {
        bounds: largeBodies[name],
        count: () => authorizer.manage(call, name),
      });
    })
    .derive({ as: "scoped" }, async ({ request, route, set }) => {
      set.headers["cache-control"] = "no-store";
      const call = { request, headers: set.headers };
      const actor = await authorizer.manage(call, routeName(request, route));
      refuseRepeatedParameters(request);
      return { actor };
    });
}

/** For routes that are about whoever is logged in: `login` in the handler. */
export function loggedIn(authorizer: Authorizer) {
  return new Elysia({ name: "logged-in" })
    .onParse({ as: "scoped" }, async ({ request, set }) => {
      const call = { request, headers: set.headers };
      await authorizer.recognizeLogin(call);
      return readBody(request, { count: () => authorizer.requireLogin(call) });
    })
    .derive({ as: "scoped" }, async ({ request, set }) => {
      set.headers["cache-control"] = "no-store";
      const login = await authorizer.requireLogin({ request, headers: set.headers });
      refuseRepeatedParameters(request);
      return { login };
    });
}

/** For routes where people come in: every call counts against its address, and none crosses sites. */
export function comingIn(authenticator: Authenticator) {
  return new Elysia({ name: "coming-in" })
    .onParse({ as: "scoped" }, ({ request }) => {
      refuseCrossSite(request);
      authenticator.countAnonymous(request);
      return readBody(request);
    })
    .derive({ as: "scoped" }, ({ request, set }) => {
      set.headers["cache-control"] = "no-store";
      refuseCrossSite(request);
      // A request with a body was counted before that was read.
      if (request.body === null) authenticator.countAnonymous(request);
      refuseRepeatedParameters(request);
      return { origin: authenticator.originOf(request) };
    });
}

/**
 * A body of DELETE means nothing (RFC 9110 section 9.3.5). A call whose body cannot be read ends here and
 * is counted here, as one with a bad field is further on; `count` throws when it may not even do that.
 */
async function readBody(
  request: Request,
  { bounds, count }: { bounds?: BodyBounds | undefined; count?: () => Promise<unknown> } = {},
): Promise<unknown> {
  if (request.method === "DELETE") return {};
  try {
    return await readJsonBody(request, bounds);
  } catch (error) {
    await count?.();
    throw error;
  }
}

/** The routes that take more than others; the body is read once the caller is known to be let in. */
const largeBodies: Readonly<Record<string, BodyBounds>> = {
  "POST /api-keys/import": { bytes: importBytesMax, values: importValuesMax },
};

function routeName(request: Request, route: string): string {
  return `${request.method} ${route}`;
}
