import { expect } from "bun:test";
import { type RouteAccess, routeAccess } from "../../src/http/route-access.ts";
import { fixtures } from "./described-fixtures.ts";
import { createWorld } from "./described-world.ts";
import { type DescribedOperation, document, faultsOf, type Parameter } from "./openapi-document.ts";
import { startServer } from "./openapi-server.ts";

/** What is sent for an operation; `path` and `query` by the names of the parameters. */
export interface Sent {
  key?: string | undefined;
  /** A session's, as `name=value`. */
  cookie?: string | undefined;
  path?: Record<string, string>;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  /** An object is sent as JSON, a string as it is. */
  body?: unknown;
}

interface ErrorAnswer {
  error: { code: string; param: string | null; retry_after: number; details: { param: string }[] };
}

export type DescribedServer = Awaited<ReturnType<typeof startDescribedServer>>;

/** A running server that is called by the document alone, and held to it. */
export async function startDescribedServer() {
  const { url, managementKey, stop } = await startServer();
  const world = await createWorld(send, managementKey);
  /** A key of the data plane, outside acme, which no test changes. */
  const dataKey = (await world.newKey({}, {})).secret;
  const credits = { kind: "grant", amount: 100 };
  await world.perform("addCredits", { path: { id: "default" }, body: credits });
  /** The session of an operator. */
  const operator = await world.newPerson();
  const path = { id: operator.id };
  await world.perform("changeUser", { path, body: { is_operator: true } });

  /** Who calls unless a fixture says it. */
  const callers: Record<RouteAccess["kind"], Pick<Sent, "key" | "cookie">> = {
    public: {},
    data: { key: dataKey },
    session: { cookie: world.ada.cookie },
    management: { key: managementKey },
  };

  /** What the document shows for the operation, sent by who may, about things that are there. */
  async function examplesOf(one: DescribedOperation): Promise<Sent> {
    const { names = {}, ...caller } = (await fixtures[one.path]?.(world)) ?? {};
    const examples = (place: Parameter["in"]): Record<string, string> =>
      Object.fromEntries(
        (one.parameters ?? [])
          .filter((parameter) => parameter.in === place)
          .map(({ name, example }) => [name, String(names[name] ?? example)]),
      );
    const headers = examples("header");
    // The same text for another request would be refused, as it should.
    if ("Idempotency-Key" in headers) headers["Idempotency-Key"] += crypto.randomUUID();
    const sent = {
      ...callers[kindOf(one)],
      ...caller,
      path: examples("path"),
      query: examples("query"),
      headers,
      body: exchange(one.requestBody?.content["application/json"]?.example, names),
    };
    if ("cursor" in sent.query) sent.query["cursor"] = await cursorOf(one, sent);
    return sent;
  }

  /** A cursor is a place in one list and in no other, so it has to be one that this list gave. */
  async function cursorOf(one: DescribedOperation, sent: Sent): Promise<string> {
    const { group_by } = sent.query ?? {};
    const query = { limit: "1", ...(group_by === undefined ? {} : { group_by }) };
    const response = await send(one, { ...sent, query });
    const { next_cursor } = (await response.json()) as { next_cursor: string | null };
    if (next_cursor === null) throw new Error(`${one.operationId} has no second page`);
    return next_cursor;
  }

  function send(one: DescribedOperation, sent: Sent): Promise<Response> {
    const { key, cookie, path = {}, query = {}, body } = sent;
    const place = one.path.replaceAll(/\{(\w+)\}/g, (_, name) =>
      encodeURIComponent(path[name] ?? ""),
    );
    const headers = new Headers({ "content-type": "application/json", ...sent.headers });
    if (key !== undefined) headers.set("authorization", `Bearer ${key}`);
    if (cookie !== undefined) headers.set("cookie", cookie);
    return fetch(`${url}${place}?${new URLSearchParams(query)}`, {
      method: one.method,
      headers,
      ...(body === undefined
        ? {}
        : { body: typeof body === "string" ? body : JSON.stringify(body) }),
    });
  }

  /** Provokes the error in both shapes and holds each against the document. */
  async function expectError(one: DescribedOperation, sent: Sent, code: string) {
    const response = await send(one, sent);
    const faults = await answerFaults(one, response);
    const { error } = (await response.json()) as ErrorAnswer;
    expect([error.code, faults]).toEqual([code, []]);
    expect(response.headers.get("cache-control")).toBe("no-store");

    const headers = { ...sent.headers, accept: "application/problem+json" };
    const asProblem = await send(one, { ...sent, headers });
    expect(await answerFaults(one, asProblem)).toEqual([]);
    const problem = (await asProblem.json()) as { code: string; status: number };
    expect([problem.code, problem.status]).toEqual([code, response.status]);
    expect(asProblem.headers.get("content-type")).toBe("application/problem+json");
    return { headers: response.headers, error };
  }

  return { url, managementKey, dataKey, operator, world, examplesOf, send, expectError, stop };
}

export function kindOf({ route }: DescribedOperation): RouteAccess["kind"] {
  return routeAccess[route]?.kind ?? "public";
}

/** The example of a body, its fields exchanged by name. */
function exchange(example: unknown, names: Record<string, unknown>): unknown {
  if (typeof example !== "object" || example === null) return example;
  return Object.fromEntries(
    Object.entries(example).map(([name, value]) => [name, names[name] ?? value]),
  );
}

/** The headers that this API gives a meaning, unlike `Date` and the like. */
const ownHeaders = Object.keys(document.components["headers"] ?? {});
/** Those that are on every answer which is documented to have them. */
const alwaysSent = ["X-Request-Id", "Cache-Control", "Set-Cookie"];

/** What is wrong with the answer by the document: its status, media type, headers and body. */
export async function answerFaults(one: DescribedOperation, response: Response): Promise<string[]> {
  const described = one.responses[response.status];
  if (described === undefined) return [`${response.status} is not documented`];
  const faults = ownHeaders
    .filter((name) => {
      const isDescribed = name in (described.headers ?? {});
      const isSent = response.headers.has(name);
      return alwaysSent.includes(name) ? isSent !== isDescribed : isSent && !isDescribed;
    })
    .map((name) => `The header ${name} is not as documented`);
  const text = await response.clone().text();
  const type = response.headers.get("content-type")?.split(";")[0] ?? "";
  const media = described.content?.[type];
  if (media === undefined) {
    const isEmpty = described.content === undefined && text === "";
    return [...faults, ...(isEmpty ? [] : [`${type} is not documented`])];
  }
  const value = /json$/.test(type) && type !== "application/x-ndjson" ? JSON.parse(text) : text;
  return [...faults, ...faultsOf(value, media.schema)];
}
