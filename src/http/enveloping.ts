import { Elysia } from "elysia";
import type { Dialect, Envelope } from "../dialects/dialect.ts";
import { pathOf } from "./request-path.ts";
import { routeAccess } from "./route-access.ts";

/**
 * For a dialect that wraps its successes: the data plane and the dialect's own paths are answered in the
 * envelope, JSON alone. It is text around the text: nothing is read again, and what streams goes on streaming.
 */
export function enveloping({ envelope }: Pick<Dialect, "envelope">) {
  const app = new Elysia({ name: "enveloping" });
  if (envelope === undefined) return app;
  return app.mapResponse({ as: "global" }, ({ responseValue, request, route, set }) => {
    if (!isEnveloped(`${request.method} ${route}`, pathOf(request), envelope)) return undefined;
    if (responseValue instanceof Response) return wrapResponse(responseValue, envelope);
    if (typeof responseValue !== "object" || responseValue === null) return undefined;
    const status = typeof set.status === "number" ? set.status : 200;
    const text = JSON.stringify(responseValue);
    return new Response(envelope.before(status) + text + envelope.after, {
      status,
      headers: { ...(set.headers as Record<string, string>), "content-type": "application/json" },
    });
  });
}

/** Whether a success of the route, such as `GET /api-keys/:id` at this path, is wrapped. */
export function isEnveloped(route: string, path: string, { paths }: Envelope): boolean {
  return routeAccess[route]?.kind === "data" || paths.some((start) => path.startsWith(start));
}

function wrapResponse(response: Response, envelope: Envelope): Response | undefined {
  const { status, body, headers: own } = response;
  const isJson = own.get("content-type")?.startsWith("application/json") === true;
  // Text cannot be put around what is compressed.
  if (body === null || !isJson || own.has("content-encoding") || status >= 400) return undefined;
  const headers = new Headers(own);
  headers.delete("content-length");
  const encoder = new TextEncoder();
  const wrap = new TransformStream<Uint8Array, Uint8Array>({
    start: (out) => out.enqueue(encoder.encode(envelope.before(status))),
    flush: (out) => out.enqueue(encoder.encode(envelope.after)),
  });
  return new Response(body.pipeThrough(wrap), { status, headers });
}
