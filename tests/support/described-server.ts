import { expect } from "bun:test";
import { routeAccess } from "../../src/http/route-access.ts";
import { type DescribedOperation, faultsOf, operation } from "./openapi-document.ts";
import { startServer } from "./openapi-server.ts";

/** What is sent for an operation; `path` and `query` by the names of the parameters. */
export interface Sent {
  key?: string | undefined;
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

  /** What the document shows for the operation, sent by a key that may, about things that are there. */
  async function examplesOf(one: DescribedOperation): Promise<Sent> {
    const isData = routeAccess[one.route]?.kind === "data";
    const byPlace = (place: string) =>
      (one.parameters ?? []).filter((parameter) => parameter.in === place);
    const examples = (place: string) =>
      Object.fromEntries(byPlace(place).map(({ name, example }) => [name, String(example)]));
    const path = examples("path");
    if ("id" in path) path["id"] = (await createKey({ label: "of the example" })).id;
    const example = one.requestBody?.content["application/json"]?.example;
    // Ids in a body are exchanged, as the one in a path is, for those of a key that is there.
    const body =
      typeof example === "object" && example !== null && "ids" in example
        ? { ...example, ids: [(await createKey({ label: "of the example" })).id] }
        : example;
    const headers = examples("header");
    // The same text for another request would be refused, as it should.
    if ("Idempotency-Key" in headers) headers["Idempotency-Key"] += crypto.randomUUID();
    return {
      key: isData ? dataKey : managementKey,
      path,
      headers,
      query: examples("query"),
      body,
    };
  }

  function send(one: DescribedOperation, sent: Sent): Promise<Response> {
    const { key, path = {}, query = {}, body } = sent;
    const place = one.path.replaceAll(/\{(\w+)\}/g, (_, name) =>
      encodeURIComponent(path[name] ?? ""),
    );
    const headers = new Headers({ "content-type": "application/json", ...sent.headers });
    if (key !== undefined && one.security.length > 0) headers.set("authorization", `Bearer ${key}`);
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
    const { error } = (await response.clone().json()) as ErrorAnswer;
    expect([error.code, await answerFaults(one, response)]).toEqual([code, []]);
    expect(response.headers.get("cache-control")).toBe("no-store");

    const headers = { ...sent.headers, accept: "application/problem+json" };
    const asProblem = await send(one, { ...sent, headers });
    const problem = (await asProblem.clone().json()) as { code: string; status: number };
    expect([problem.code, problem.status]).toEqual([code, response.status]);
    expect(asProblem.headers.get("content-type")).toBe("application/problem+json");
    expect(await answerFaults(one, asProblem)).toEqual([]);
    return { headers: response.headers, error };
  }

  async function createKey(body: object): Promise<{ id: string; secret: string }> {
    const response = await send(operation("createKey"), { key: managementKey, body });
    if (response.status !== 201) throw new Error(await response.text());
    return (await response.json()) as { id: string; secret: string };
  }

  /** A key of the data plane, which no test changes. */
  const dataKey = (await createKey({ label: "data plane" })).secret;
  return { url, managementKey, dataKey, createKey, examplesOf, send, expectError, stop };
}

/** What is wrong with the answer by the document: its status, media type, headers and body. */
export async function answerFaults(one: DescribedOperation, response: Response): Promise<string[]> {
  const described = one.responses[response.status];
  if (described === undefined) return [`${response.status} is not documented`];
  const missing = ["X-Request-Id", ...(one.security.length > 0 ? ["Cache-Control"] : [])].filter(
    (name) => !response.headers.has(name) || !(name in (described.headers ?? {})),
  );
  const text = await response.text();
  const type = response.headers.get("content-type")?.split(";")[0] ?? "";
  const media = described.content?.[type];
  if (media === undefined) {
    const isEmpty = described.content === undefined && text === "";
    return [...missing, ...(isEmpty ? [] : [`${type} is not documented`])];
  }
  const value = /json$/.test(type) && type !== "application/x-ndjson" ? JSON.parse(text) : text;
  return [...missing, ...faultsOf(value, media.schema)];
}
