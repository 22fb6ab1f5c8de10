import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type DialectServer, startDialectServer } from "../../support/dialect-server.ts";
import { runGeneratedClient } from "../../support/generated-client.ts";
import { describePending, type Pending } from "../../support/still-pending.ts";

/** What the page says of things that are not built yet. */
export const pending: readonly Pending[] = [
  {
    sentence: "Every inference request resolves its key to an organization",
    why: "needs the gateway",
  },
  { sentence: "store your own AES-encrypted provider keys per organization", why: "needs BYOK" },
  { sentence: "usage is billed to your upstream accounts", why: "needs BYOK" },
];

let server: DialectServer;
let seen: Record<string, unknown>;

beforeAll(async () => {
  server = await startDialectServer("searchrouter");
  seen = await runGeneratedClient("searchrouter", server);
});
afterAll(() => server.stop());

describePending(pending, () => server);

const show = async (key: string, query = "") => {
  const response = await server.call(`/api/v1/key${query}`, { key });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
};

describe("API keys", () => {
  test("Every request is authenticated with a Bearer API key", async () => {
    for (const path of ["/api/v1/key", "/api/v1/permissions"]) {
      expect((await server.call(path)).status).toBe(401);
    }
  });

  test("Each key looks like sk-sr-... and belongs to an organization", async () => {
    expect(seen["secret"]).toMatch(/^sk-sr-[0-9a-f]{64}$/);
    const made = await server.newKey({ environment: "test" });
    expect(made.secret).toMatch(/^sk-sr-test-[0-9a-f]{64}$/);
    expect((await show(made.secret)).body["organization_id"]).toMatch(/^org_/);
  });

  test("checks the org credit balance and the key's spend limit, then meters usage against both", async () => {
    const { secret } = await server.newKey({ spend_limit: 10 });
    const before = await server.manage("/organizations/default/credits");
    await server.charge(secret, 4);
    const after = await server.manage("/organizations/default/credits");
    expect(before.balance - after.balance).toBeCloseTo(4);
    expect((await show(secret)).body).toMatchObject({ usage: 4, limit: 10, limit_remaining: 6 });
  });

  test("Keys are shown only once at creation", async () => {
    const { id } = await server.newKey();
    expect(await server.manage(`/api-keys/${id}`)).not.toHaveProperty("secret");
  });

  test("Create separate keys so you can revoke one without disruption", async () => {
    const [one, other] = [await server.newKey(), await server.newKey()];
    await server.manage(`/api-keys/${one.id}`, undefined, "DELETE");
    expect([(await show(one.secret)).status, (await show(other.secret)).status]).toEqual([
      401, 200,
    ]);
  });

  test("Each key can carry its own spend limit, independent of the org balance", async () => {
    const { secret } = await server.newKey({ spend_limit: 1 });
    expect((await show(secret, "?cost=2")).status).toBe(402);
    const free = await server.newKey();
    expect((await show(free.secret, "?cost=2")).status).toBe(200);
  });
});

describe("Verify a key", () => {
  test("curl https://searchrouter.ai/api/v1/key: label, usage, limit, limit_remaining", () => {
    expect(seen["shown"]).toEqual({
      label: "production",
      usage: 12.84,
      limit: 100,
      limit_remaining: 87.16,
    });
  });

  test("limit: null = unlimited; limit_remaining is null with it", async () => {
    const { secret } = await server.newKey();
    expect((await show(secret)).body).toMatchObject({
      usage: 0,
      limit: null,
      limit_remaining: null,
    });
  });

  test("every data-plane route has /api/v1 as its base, and the errors of its methods", async () => {
    expect(seen["mayAll"]).toBe(true);
    const { secret } = await server.newKey();
    const runtime = await server.call("/api/v1/runtimes", { key: secret, body: { name: "one" } });
    expect(runtime.status).toBe(201);
    const { id, secret: own } = (await runtime.json()) as Record<string, string>;
    const beat = await server.call(`/api/v1/runtimes/${id}/heartbeat`, {
      key: own ?? "",
      body: {},
    });
    expect(beat.status).toBe(200);
    const wrong = await server.call("/api/v1/permissions", { key: secret, method: "POST" });
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
    expect((await server.call("/api/v1/nothing", { key: secret })).status).toBe(404);
  });

  test("the management API is not below /api/v1", async () => {
    const { managementKey: key } = server;
    for (const path of ["/api/v1/keys/verify", "/api/v1/holds"]) {
      expect((await server.call(path, { key, body: {} })).status).toBe(404);
    }
  });
});

describe("Authentication errors", () => {
  const unauthorized = { code: 401, message: "Invalid API key", type: "authentication_error" };

  test("Missing, malformed, or revoked keys return 401", async () => {
    const { id, secret } = await server.newKey();
    await server.manage(`/api-keys/${id}`, undefined, "DELETE");
    for (const key of ["sk-sr-...", `${secret}0`, "nonsense", secret]) {
      expect(await show(key)).toEqual({ status: 401, body: { error: unauthorized } });
    }
    const missing = await server.call("/api/v1/key");
    const { error } = (await missing.json()) as { error: Record<string, unknown> };
    expect(error).toEqual(unauthorized);
    for (const key of ["a b", "sk-sr-a, Bearer sk-sr-b"]) {
      expect(await show(key)).toEqual({ status: 401, body: { error: unauthorized } });
      const { headers } = await server.call("/api/v1/key", { key });
      expect(headers.get("www-authenticate")).toContain('error="invalid_token"');
    }
    expect(seen["refused"]).toEqual({ status: 401, error: unauthorized });
  });

  test("The HTTP status mirrors the error.code field", async () => {
    const { secret } = await server.newKey({ scopes: ["discover"] });
    for (const path of ["/api/v1/key?scope=execute", "/api/v1/nothing", "/api/v1/key?cost=x"]) {
      const response = await server.call(path, { key: secret });
      const { error } = (await response.json()) as { error: Record<string, unknown> };
      expect(error["code"]).toBe(response.status);
    }
  });

  const rows: [number, string, object, string][] = [
    [402, "insufficient_credits", {}, "?cost=100000"],
    [402, "insufficient_credits", { spend_limit: 1 }, "?cost=2"],
    [403, "permission_error", { allowed_models: ["gpt-*"] }, "?model=claude-4"],
    [403, "permission_error", { allowed_providers: ["openai"] }, "?provider=other"],
    [429, "rate_limit_error", { limits: { requests_per_minute: 0 } }, ""],
  ];
  test.each(rows)("%d | %s with %j %s", async (status, type, input, query) => {
    const { secret } = await server.newKey(input);
    const answer = await show(secret, query);
    expect(answer.status).toBe(status);
    expect(answer.body["error"]).toMatchObject({ code: status, type, message: expect.any(String) });
  });

  test("Too many requests; back off and retry: Retry-After says for how long", async () => {
    const { secret } = await server.newKey({ limits: { requests_per_minute: 0 } });
    const response = await server.call("/api/v1/key", { key: secret });
    expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
  });
});
