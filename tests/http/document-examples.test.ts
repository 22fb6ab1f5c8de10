import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { routeAccess } from "../../src/http/route-access.ts";
import {
  type DescribedOperation,
  faultsOf,
  operation,
  operations,
} from "../support/openapi-document.ts";
import { startServer } from "../support/openapi-server.ts";

interface Sent {
  key?: string | undefined;
  path?: Record<string, string>;
  query?: Record<string, string>;
  headers?: Record<string, string>;
  body?: unknown;
}

let server: Awaited<ReturnType<typeof startServer>>;
/** A key of the data plane, which no test changes. */
let dataKey: string;

beforeAll(async () => {
  server = await startServer();
  dataKey = (await createKey({ label: "data plane" })).secret;
});

afterAll(() => server.stop());

describe.each(operations)("$operationId with its examples", (one) => {
  test("answers with its success, in the documented shape", async () => {
    const response = await send(one, await examplesOf(one));
    const [status] = Object.keys(one.responses);
    expect([response.status, await bodyFaults(one, response)]).toEqual([Number(status), []]);
  });
});

const keyed = operations.filter(({ security }) => security.length > 0);
const managing = keyed.filter(({ route }) => routeAccess[route]?.kind === "management");
const withBody = operations.filter(({ requestBody }) => requestBody !== undefined);
const withPath = operations.filter(({ path }) => path.includes("{"));

describe.each(keyed)("$operationId", (one) => {
  test("without a key is 401 with a challenge", async () => {
    const sent = await examplesOf(one);
    const { headers } = await expectError(one, { ...sent, key: undefined }, "missing_api_key");
    expect(headers.get("www-authenticate")).toBe('Bearer realm="tollgate"');
  });

  test("with a key that does not exist is 401 with a challenge", async () => {
    const sent = await examplesOf(one);
    const { headers } = await expectError(one, { ...sent, key: "sk_live_no" }, "invalid_api_key");
    expect(headers.get("www-authenticate")).toContain('error="invalid_token"');
  });

  test("with two credentials in one header is 400", async () => {
    const sent = await examplesOf(one);
    await expectError(one, { ...sent, key: "a b" }, "invalid_request");
  });
});

describe.each(managing)("$operationId", (one) => {
  test("with a key of the data plane is 403", async () => {
    await expectError(one, { ...(await examplesOf(one)), key: dataKey }, "wrong_key_type");
  });

  test("with a management key that lacks the scope is 403 and names it", async () => {
    const access = routeAccess[one.route];
    const scope = access?.kind === "management" ? access.scope : "";
    const other = scope === "keys:read" ? "verify" : "keys:read";
    const { secret } = await createKey({ label: "narrow", type: "management", scopes: [other] });
    const sent = { ...(await examplesOf(one)), key: secret };
    const { headers } = await expectError(one, sent, "insufficient_scope");
    expect(headers.get("www-authenticate")).toContain(`scope="${scope}"`);
  });
});

describe.each(withPath)("$operationId", (one) => {
  test("of what does not exist is 404", async () => {
    const path = { id: "key_00000000000000000000000000000000", slug: "nowhere" };
    await expectError(one, { ...(await examplesOf(one)), path }, "not_found");
  });
});

describe.each(withBody)("$operationId", (one) => {
  test("with a field that is not known is 422 and names it", async () => {
    const sent = await examplesOf(one);
    const body = { ...(sent.body as object), surprise: 1 };
    const { error } = await expectError(one, { ...sent, body }, "validation_failed");
    expect(error.param).toBe("surprise");
    expect(error.details.map(({ param }) => param)).toContain("surprise");
  });

  test("with a body that is no JSON is 400", async () => {
    await expectError(one, { ...(await examplesOf(one)), body: '{"label": ' }, "invalid_json");
  });

  test("with a body of another media type is 415", async () => {
    const headers = { "content-type": "text/plain" };
    const sent = { ...(await examplesOf(one)), body: "hello", headers };
    await expectError(one, sent, "unsupported_media_type");
  });

  test("with a body over 1 MiB is 413", async () => {
    const body = JSON.stringify({ label: "x".repeat(2 ** 20) });
    await expectError(one, { ...(await examplesOf(one)), body }, "payload_too_large");
  });
});

describe("an error that the examples do not reach", () => {
  test("listKeys with a parameter that does not fit is 422", async () => {
    const { error } = await expectError(
      operation("listKeys"),
      { key: server.managementKey, query: { limit: "0", status: "asleep" } },
      "validation_failed",
    );
    expect(error.details.map(({ param }) => param).sort()).toEqual(["limit", "status"]);
  });

  test("createPlan with a slug that is taken is 409", async () => {
    const body = { slug: "free", name: "Free" };
    await expectError(operation("createPlan"), { key: server.managementKey, body }, "conflict");
  });

  test("deletePlan of a plan in use is 409", async () => {
    const path = { slug: "free" };
    await expectError(operation("deletePlan"), { key: server.managementKey, path }, "conflict");
  });

  test("updateKey and rotateKey of a revoked key are 409", async () => {
    const { id } = await createKey({ label: "revoked" });
    const sent = { key: server.managementKey, path: { id } };
    await send(operation("revokeKey"), sent);
    const body = { label: "back again" };
    await expectError(operation("updateKey"), { ...sent, body }, "key_revoked");
    await expectError(operation("rotateKey"), sent, "key_revoked");
  });

  test("createKey with an Idempotency-Key of another request is 422", async () => {
    const headers = { "idempotency-key": "used before" };
    const sent = { key: server.managementKey, headers };
    await send(operation("createKey"), { ...sent, body: { label: "one" } });
    const other = { ...sent, body: { label: "two" } };
    await expectError(operation("createKey"), other, "idempotency_key_reused");
  });

  test("showPresentedKey over the limit is 429 and says when to come back", async () => {
    const { secret } = await createKey({ label: "none", limits: { requests_per_day: 0 } });
    const { headers, error } = await expectError(
      operation("showPresentedKey"),
      { key: secret },
      "daily_limit_reached",
    );
    expect(Number(headers.get("retry-after"))).toBe(error.retry_after);
    for (const name of ["x-ratelimit-limit", "x-ratelimit-reset", "ratelimit", "ratelimit-policy"])
      expect([name, headers.has(name)]).toEqual([name, true]);
  });

  test("showPresentedKey with a scope that the key lacks is 403", async () => {
    const { secret } = await createKey({ label: "narrow", scopes: ["discover"] });
    const sent = { key: secret, query: { scope: "execute" } };
    await expectError(operation("showPresentedKey"), sent, "insufficient_scope");
  });

  test("headers that are too large are 431, without a body", async () => {
    const response = await send(operation("showHealth"), {
      headers: { "x-large": "x".repeat(1e5) },
    });
    expect([response.status, await response.text()]).toEqual([431, ""]);
  });
});

/** What the document shows for the operation, sent by a key that may, about things that are there. */
async function examplesOf(one: DescribedOperation): Promise<Sent> {
  const isData = routeAccess[one.route]?.kind === "data";
  const byPlace = (place: string) =>
    (one.parameters ?? []).filter((parameter) => parameter.in === place);
  const examples = (place: string) =>
    Object.fromEntries(byPlace(place).map(({ name, example }) => [name, String(example)]));
  const path = examples("path");
  if ("id" in path) path["id"] = (await createKey({ label: "of the example" })).id;
  const headers = examples("header");
  // The same text for another request would be refused, as it should.
  if ("Idempotency-Key" in headers) headers["Idempotency-Key"] += crypto.randomUUID();
  return {
    key: isData ? dataKey : server.managementKey,
    path,
    headers,
    query: examples("query"),
    body: one.requestBody?.content["application/json"]?.example,
  };
}

function send(one: DescribedOperation, sent: Sent): Promise<Response> {
  const { key, path = {}, query = {}, body } = sent;
  const place = one.path.replaceAll(/\{(\w+)\}/g, (_, name) =>
    encodeURIComponent(path[name] ?? ""),
  );
  const headers = new Headers({ "content-type": "application/json", ...sent.headers });
  if (key !== undefined && one.security.length > 0) headers.set("authorization", `Bearer ${key}`);
  return fetch(`${server.url}${place}?${new URLSearchParams(query)}`, {
    method: one.method,
    headers,
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
}

/** What is wrong with the answer by the document: its status, media type, headers and body. */
async function bodyFaults(one: DescribedOperation, response: Response): Promise<string[]> {
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
  const value = type === "text/plain" ? text : JSON.parse(text);
  return [...missing, ...faultsOf(value, media.schema)];
}

/** Provokes the error in both shapes and holds each against the document. */
async function expectError(one: DescribedOperation, sent: Sent, code: string) {
  const response = await send(one, sent);
  const { error } = (await response.clone().json()) as {
    error: {
      code: string;
      param: string | null;
      retry_after: number;
      details: { param: string }[];
    };
  };
  expect([error.code, await bodyFaults(one, response)]).toEqual([code, []]);
  expect(response.headers.get("cache-control")).toBe("no-store");

  const headers = { ...sent.headers, accept: "application/problem+json" };
  const asProblem = await send(one, { ...sent, headers });
  const problem = (await asProblem.clone().json()) as { code: string; status: number };
  expect([problem.code, problem.status]).toEqual([code, response.status]);
  expect(asProblem.headers.get("content-type")).toBe("application/problem+json");
  expect(await bodyFaults(one, asProblem)).toEqual([]);
  return { headers: response.headers, error };
}

async function createKey(body: object): Promise<{ id: string; secret: string }> {
  const response = await send(operation("createKey"), { key: server.managementKey, body });
  if (response.status !== 201) throw new Error(await response.text());
  return (await response.json()) as { id: string; secret: string };
}
