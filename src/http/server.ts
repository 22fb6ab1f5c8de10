import type { Server } from "bun";
import type { Config } from "../config/schema.ts";
import type { Clock } from "../core/clock.ts";
import { describeError, type Logger } from "../core/log.ts";
import type { Dialect } from "../dialects/dialect.ts";
import type { KeyGate } from "../keys/key-gate.ts";
import { presentedKeyAnswer, presentedKeyPaths } from "../keys/presented-routes.ts";
import type { AddressLimiter } from "../limits/address-limiter.ts";
import { answeringAliases } from "./aliases.ts";
import type { AnswerHeaders, Authenticator } from "./authenticate.ts";
import type { ClientAddresses } from "./client-address.ts";
import { handleError } from "./handle-error.ts";
import { limitsEverywhere } from "./limits-everywhere.ts";
import type { Metrics } from "./metrics.ts";
import type { RenderError } from "./render-error.ts";
import { requestIdOf } from "./request-id.ts";
import { badHost, hasOrigin, pathOf } from "./request-path.ts";

/** A connection that says nothing for so long is closed. */
const idleTimeoutSeconds = 30;
/**
 * Bun answers a body over its own bound with a bare 413, so that bound is far away and
 * `readJsonBody` stops at ours; a body that no route reads is never buffered.
 */
const bunBodyBytesMax = 2 ** 40;

interface Served {
  config: Config;
  dialect: Dialect;
  renderError: RenderError;
  clock: Clock;
  log: Logger;
  addresses: ClientAddresses;
  addressLimiter: AddressLimiter;
  metrics: Metrics;
  authenticator: Authenticator;
  gate: KeyGate;
}

type Fetch = (request: Request) => Response | Promise<Response>;

/** Starts to listen. Throws Bun's error when it cannot, `EADDRINUSE` for one. */
export function startServer(appFetch: Fetch, services: Served): Server<undefined> {
  const fetch = finishing(appFetch, services);
  const hot = { GET: answerHot(fetch, services) };
  const server = Bun.serve({
    hostname: services.config.host,
    port: services.config.port,
    idleTimeout: idleTimeoutSeconds,
    maxRequestBodySize: bunBodyBytesMax,
    development: false,
    // Else a second server takes half of the connections, and nobody is told.
    reusePort: false,
    routes: Object.fromEntries(presentedKeyPaths.map((path) => [path, hot])),
    fetch,
    error: (error) => {
      services.log.error("A request failed outside its handler", { error: describeError(error) });
      return new Response(null, { status: 500 });
    },
  });
  services.addresses.attach(server);
  return server;
}

type Recorded = Omit<Served, "authenticator" | "gate">;

/** What every response gets, whoever made it: an id, a count, a line in the log. */
export function finishing(appFetch: Fetch, services: Recorded): Fetch {
  const { addresses, dialect, renderError } = services;
  const record = recording(services);
  const addLimits = limitsEverywhere(services);
  const answer = answeringAliases(appFetch, { dialect, addresses });
  const finish = (request: Request, response: Response, startedMs: number): Response => {
    const { headers } = response;
    if (!headers.has("x-request-id")) headers.set("x-request-id", requestIdOf(request));
    headers.set("x-content-type-options", "nosniff");
    addLimits?.(request, response);
    return record(request, response, startedMs);
  };
  return (request) => {
    if (request.method === "HEAD") return answerHead(request, addresses, serve);
    return serve(request);
  };

  function serve(request: Request): Response | Promise<Response> {
    const startedMs = startOf(services);
    const response = hasOrigin(request) ? answer(request) : renderError(badHost(), request);
    if (response instanceof Promise) {
      return response.then((settled) => finish(request, settled, startedMs));
    }
    return finish(request, response, startedMs);
  }
}

/**
 * `GET /key` without parameters, past Elysia: the same decision, answer and errors as its route there.
 * The context, query and promises that are made there cost a third of the request (18.7 against
 * 12.7 microseconds of CPU). A call with parameters goes to that route.
 */
function answerHot(general: Fetch, services: Served): Fetch {
  const present = presentedKeyAnswer(services);
  const record = recording(services);
  // Refusals alone: a success has the limits of its key, and to look costs 3 % of the request.
  const addLimits = limitsEverywhere(services);
  return (request) => {
    const { url } = request;
    if (url.includes("?") || !url.startsWith("http")) return general(request);
    const startedMs = startOf(services);
    const headers: AnswerHeaders = {};
    const refuse = (error: unknown) => {
      const refusal = handleError({ error, code: "", request, headers }, services);
      addLimits?.(request, refusal);
      return record(request, refusal, startedMs);
    };
    try {
      const answer = present(request, headers);
      if (!(answer instanceof Promise)) return record(request, answer, startedMs);
      return answer.then((settled) => record(request, settled, startedMs)).catch(refuse);
    } catch (error) {
      return refuse(error);
    }
  };
}

/** Counts and logs a response that has its id. */
function recording({ config, clock, log, metrics, addresses }: Recorded) {
  return (request: Request, response: Response, startedMs: number): Response => {
    const { status } = response;
    metrics.responses[status] = (metrics.responses[status] ?? 0) + 1;
    if (config.accessLog === "all" || (config.accessLog === "errors" && status >= 500)) {
      const print = status >= 500 ? log.error : log.info;
      print("request", {
        method: request.method,
        path: decoded(pathOf(request)),
        status,
        duration_ms: Math.round((clock.monotonicMs() - startedMs) * 1_000) / 1_000,
        address: addresses.of(request),
        request_id: response.headers.get("x-request-id"),
      });
    }
    return response;
  };
}

function startOf({ config, clock }: Recorded): number {
  return config.accessLog === "off" ? 0 : clock.monotonicMs();
}

/** HEAD is GET without the content (RFC 9110 section 9.3.2). */
async function answerHead(
  request: Request,
  addresses: ClientAddresses,
  serve: Fetch,
): Promise<Response> {
  const get = addresses.derive(new Request(request, { method: "GET" }), request);
  const response = await serve(get);
  const { status, headers } = response;
  headers.set("content-length", String((await response.arrayBuffer()).byteLength));
  return new Response(null, { status, headers });
}

/** A secret that a client put into a path must not hide from the log's net behind percent signs. */
function decoded(path: string): string {
  return path.replace(/(?:%[0-9a-f]{2})+/gi, (escapes) => {
    try {
      return decodeURIComponent(escapes);
    } catch {
      return escapes;
    }
  });
}
