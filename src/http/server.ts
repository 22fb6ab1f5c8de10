import type { Server } from "bun";
import type { Config } from "../config/schema.ts";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/log.ts";
import type { ClientAddresses } from "./client-address.ts";
import type { Metrics } from "./metrics.ts";
import { requestIdOf } from "./request-id.ts";

/** A connection that says nothing for so long is closed. */
const idleTimeoutSeconds = 30;
/**
 * Bun answers a body over its own bound with a bare 413, so that bound is far away and
 * `readJsonBody` stops at ours; a body that no route reads is never buffered.
 */
const bunBodyBytesMax = 2 ** 40;

interface Served {
  config: Config;
  clock: Clock;
  log: Logger;
  addresses: ClientAddresses;
  metrics: Metrics;
}

type Fetch = (request: Request) => Response | Promise<Response>;

/** Starts to listen. Throws Bun's error when it cannot, `EADDRINUSE` for one. */
export function startServer(appFetch: Fetch, services: Served): Server<undefined> {
  const server = Bun.serve({
    hostname: services.config.host,
    port: services.config.port,
    idleTimeout: idleTimeoutSeconds,
    maxRequestBodySize: bunBodyBytesMax,
    development: false,
    fetch: finishing(appFetch, services),
  });
  services.addresses.attach(server);
  return server;
}

/** What every response gets, whoever made it: an id, a count, a line in the log. */
export function finishing(appFetch: Fetch, services: Omit<Served, "addresses">): Fetch {
  const { config, clock, log, metrics } = services;
  const finish = (request: Request, response: Response, startedMs: number): Response => {
    if (!response.headers.has("x-request-id")) {
      response.headers.set("x-request-id", requestIdOf(request));
    }
    const { status } = response;
    metrics.responses[status] = (metrics.responses[status] ?? 0) + 1;
    if (config.accessLog === "all" || (config.accessLog === "errors" && status >= 500)) {
      log.info("request", {
        method: request.method,
        path: new URL(request.url).pathname,
        status,
        duration_ms: Math.round((clock.monotonicMs() - startedMs) * 1_000) / 1_000,
        request_id: response.headers.get("x-request-id"),
      });
    }
    return response;
  };
  return (request) => {
    if (request.method === "HEAD") return answerHead(request, (get) => serve(get));
    return serve(request);
  };

  function serve(request: Request): Response | Promise<Response> {
    const startedMs = config.accessLog === "off" ? 0 : clock.monotonicMs();
    const response = appFetch(request);
    if (response instanceof Promise) {
      return response.then((settled) => finish(request, settled, startedMs));
    }
    return finish(request, response, startedMs);
  }
}

/** HEAD is GET without the content (RFC 9110 section 9.3.2). */
async function answerHead(request: Request, serve: Fetch): Promise<Response> {
  const { status, headers } = await serve(new Request(request, { method: "GET" }));
  return new Response(null, { status, headers });
}
