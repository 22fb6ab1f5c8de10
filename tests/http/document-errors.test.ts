import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { routeAccess } from "../../src/http/route-access.ts";
import { type DescribedServer, startDescribedServer } from "../support/described-server.ts";
import { operation, operations } from "../support/openapi-document.ts";

let server: DescribedServer;

beforeAll(async () => {
  server = await startDescribedServer();
});

afterAll(() => server.stop());

const keyed = operations.filter(({ security }) => security.length > 0);
const managing = keyed.filter(({ route }) => routeAccess[route]?.kind === "management");
const withBody = operations.filter(({ requestBody }) => requestBody !== undefined);
const withPath = operations.filter(({ path }) => path.includes("{"));

describe.each(keyed)("$operationId", (one) => {
  test("without a key is 401 with a challenge", async () => {
    const sent = await server.examplesOf(one);
    const { headers } = await server.expectError(
      one,
      { ...sent, key: undefined },
      "missing_api_key",
    );
    expect(headers.get("www-authenticate")).toBe('Bearer realm="tollgate"');
  });

  test("with a key that does not exist is 401 with a challenge", async () => {
    const sent = await server.examplesOf(one);
    const { headers } = await server.expectError(
      one,
      { ...sent, key: "sk_live_no" },
      "invalid_api_key",
    );
    expect(headers.get("www-authenticate")).toContain('error="invalid_token"');
  });

  test("with two credentials in one header is 400", async () => {
    const sent = await server.examplesOf(one);
    await server.expectError(one, { ...sent, key: "a b" }, "invalid_request");
  });
});

describe.each(managing)("$operationId", (one) => {
  test("with a key of the data plane is 403", async () => {
    await server.expectError(
      one,
      { ...(await server.examplesOf(one)), key: server.dataKey },
      "wrong_key_type",
    );
  });

  test("with a management key that lacks the scope is 403 and names it", async () => {
    const access = routeAccess[one.route];
    const scope = access?.kind === "management" ? access.scope : "";
    const other = scope === "keys:read" ? "verify" : "keys:read";
    const { secret } = await server.createKey({
      label: "narrow",
      type: "management",
      scopes: [other],
    });
    const sent = { ...(await server.examplesOf(one)), key: secret };
    const { headers } = await server.expectError(one, sent, "insufficient_scope");
    expect(headers.get("www-authenticate")).toContain(`scope="${scope}"`);
  });
});

describe.each(withPath)("$operationId", (one) => {
  test("of what does not exist is 404", async () => {
    const path = { id: "key_00000000000000000000000000000000", slug: "nowhere" };
    await server.expectError(one, { ...(await server.examplesOf(one)), path }, "not_found");
  });
});

describe.each(withBody)("$operationId", (one) => {
  test("with a field that is not known is 422 and names it", async () => {
    const sent = await server.examplesOf(one);
    const body = { ...(sent.body as object), surprise: 1 };
    const { error } = await server.expectError(one, { ...sent, body }, "validation_failed");
    expect(error.param).toBe("surprise");
    expect(error.details.map(({ param }) => param)).toContain("surprise");
  });

  test("with a body that is no JSON is 400", async () => {
    await server.expectError(
      one,
      { ...(await server.examplesOf(one)), body: '{"label": ' },
      "invalid_json",
    );
  });

  test("with a body of another media type is 415", async () => {
    const headers = { "content-type": "text/plain" };
    const sent = { ...(await server.examplesOf(one)), body: "hello", headers };
    await server.expectError(one, sent, "unsupported_media_type");
  });

  test("with a body over 1 MiB is 413", async () => {
    const body = JSON.stringify({ label: "x".repeat(2 ** 20) });
    await server.expectError(one, { ...(await server.examplesOf(one)), body }, "payload_too_large");
  });
});

describe("an error that the examples do not reach", () => {
  test("listKeys with a parameter that does not fit is 422", async () => {
    const { error } = await server.expectError(
      operation("listKeys"),
      { key: server.managementKey, query: { limit: "0", status: "asleep" } },
      "validation_failed",
    );
    expect(error.details.map(({ param }) => param).sort()).toEqual(["limit", "status"]);
  });

  test("createPlan with a slug that is taken is 409", async () => {
    const body = { slug: "free", name: "Free" };
    await server.expectError(
      operation("createPlan"),
      { key: server.managementKey, body },
      "conflict",
    );
  });

  test("deletePlan of a plan in use is 409", async () => {
    const path = { slug: "free" };
    await server.expectError(
      operation("deletePlan"),
      { key: server.managementKey, path },
      "conflict",
    );
  });

  test("updateKey and rotateKey of a revoked key are 409", async () => {
    const { id } = await server.createKey({ label: "revoked" });
    const sent = { key: server.managementKey, path: { id } };
    await server.send(operation("revokeKey"), sent);
    const body = { label: "back again" };
    await server.expectError(operation("updateKey"), { ...sent, body }, "key_revoked");
    await server.expectError(operation("rotateKey"), sent, "key_revoked");
  });

  test("createKey with an Idempotency-Key of another request is 422", async () => {
    const headers = { "idempotency-key": "used before" };
    const sent = { key: server.managementKey, headers };
    await server.send(operation("createKey"), { ...sent, body: { label: "one" } });
    const other = { ...sent, body: { label: "two" } };
    await server.expectError(operation("createKey"), other, "idempotency_key_reused");
  });

  test("showPresentedKey over the limit is 429 and says when to come back", async () => {
    const { secret } = await server.createKey({ label: "none", limits: { requests_per_day: 0 } });
    const { headers, error } = await server.expectError(
      operation("showPresentedKey"),
      { key: secret },
      "daily_limit_reached",
    );
    expect(Number(headers.get("retry-after"))).toBe(error.retry_after);
    for (const name of ["x-ratelimit-limit", "x-ratelimit-reset", "ratelimit", "ratelimit-policy"])
      expect([name, headers.has(name)]).toEqual([name, true]);
  });

  test("showPresentedKey with a scope that the key lacks is 403", async () => {
    const { secret } = await server.createKey({ label: "narrow", scopes: ["discover"] });
    const sent = { key: secret, query: { scope: "execute" } };
    await server.expectError(operation("showPresentedKey"), sent, "insufficient_scope");
  });

  test("headers that are too large are 431, without a body", async () => {
    const response = await server.send(operation("showHealth"), {
      headers: { "x-large": "x".repeat(1e5) },
    });
    expect([response.status, await response.text()]).toEqual([431, ""]);
  });
});
