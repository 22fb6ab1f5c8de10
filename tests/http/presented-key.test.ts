import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { TestClock } from "../support/test-clock.ts";

let app: TestApp;
const clock = new TestClock();
beforeAll(async () => {
  app = await startTestApp({ clock, flags: { anonymousPerMinute: "100000" } });
});
afterAll(() => app.stop());

describe("GET /key", () => {
  for (const path of ["/key", "/v1/key", "/api/v1/key"]) {
    test(`${path} tells about the presented key and counts as one request`, async () => {
      const key = await app.newKey({ label: "production", scopes: ["execute"] });
      const answer = await app.call(path, { key: key.secret });
      expect(answer.status).toBe(200);
      expect(answer.headers.get("content-type")).toBe("application/json");
      expect(answer.headers.get("cache-control")).toBe("no-store");
      expect(answer.body).toEqual({
        label: "production",
        usage: 0,
        usage_daily: 0,
        usage_weekly: 0,
        usage_monthly: 0,
        limit: null,
        limit_reset: null,
        limit_remaining: null,
        id: key.id,
        organization_id: key.organization_id,
        workspace_id: key.workspace_id,
        type: "workspace",
        user_id: null,
        runtime_id: null,
        environment: "live",
        hats: [],
        scopes: ["execute"],
        allowed_models: null,
        allowed_providers: null,
        plan: "free",
        created_at: key.created_at,
        expires_at: null,
        requests_total: 1,
        rate_limits: {
          requests_per_minute: { limit: 60, remaining: 59, reset_at: "2026-03-02T10:01:00.000Z" },
          requests_per_day: { limit: 1000, remaining: 999, reset_at: "2026-03-03T00:00:00.000Z" },
          concurrent_requests: null,
        },
      });
    });
  }

  test("a management key may not use it", async () => {
    const answer = await app.call("/key", { key: app.operator });
    expect(answer.status).toBe(403);
    expect(answer.body.error.code).toBe("wrong_key_type");
  });

  test("with parameters it answers 403 where the call would be refused", async () => {
    const key = await app.newKey({
      scopes: ["documents:*", "discover"],
      allowed_models: ["gpt-*"],
      allowed_providers: ["openai"],
      plan: "unlimited",
    });
    const ask = (query: string) => app.call(`/key?${query}`, { key: key.secret });
    for (const query of [
      "scope=documents:read",
      "scope=documents:a+discover",
      "model=gpt-5",
      "provider=openai",
    ]) {
      expect((await ask(query)).status).toBe(200);
    }
    const refused: [string, string][] = [
      ["scope=execute", "insufficient_scope"],
      ["scope=documents:a+billing", "insufficient_scope"],
      ["model=claude-4", "model_not_allowed"],
      ["provider=anthropic", "provider_not_allowed"],
    ];
    for (const [query, code] of refused) {
      const answer = await ask(query);
      expect([answer.status, answer.body.error.code]).toEqual([403, code]);
    }
    const missing = await ask("scope=documents:a+billing");
    expect(missing.headers.get("www-authenticate")).toBe(
      'Bearer realm="tollgate", error="insufficient_scope", scope="billing"',
    );
    expect(missing.body.error.message).toContain("billing");
    const total = (await ask("")).body.requests_total;
    expect(total).toBe(5);
  });

  test("422 for a scope that is none, and for a parameter that is given twice", async () => {
    const key = await app.newKey({ scopes: ["discover"], plan: "unlimited" });
    const queries = [
      "scope=%0a",
      "scope=%20",
      "scope=",
      "scope=x%22y",
      "scope=%E2%82%AC",
      "scope=a&scope=b",
      "model=a&model=b",
    ];
    for (const query of queries) {
      const answer = await app.call(`/key?${query}`, { key: key.secret });
      expect([query, answer.status]).toEqual([query, 422]);
      expect(answer.body.error.param).toBe(query.split("=", 1)[0]);
    }
    const limited = await app.newKey();
    const answer = await app.call("/key?scope=%20", { key: limited.secret });
    expect(answer.headers.get("x-ratelimit-remaining")).toBe("60");
  });

  test("422 for an unknown parameter, after the key was checked", async () => {
    const key = await app.newKey();
    const answer = await app.call("/key?scpoe=x", { key: key.secret });
    expect([answer.status, answer.body.error.param]).toEqual([422, "scpoe"]);
    expect((await app.call("/key?scpoe=x")).status).toBe(401);
    expect((await app.call("/key?scpoe=x", { key: `${key.secret}0` })).status).toBe(401);
  });

  test("an expired key gets 401 from the moment on", async () => {
    const key = await app.newKey({ expires_in_seconds: 60 });
    clock.advance(59_999);
    expect((await app.call("/key", { key: key.secret })).status).toBe(200);
    clock.advance(1);
    expect((await app.call("/key", { key: key.secret })).status).toBe(401);
  });

  test("an allowlist refuses a request whose address is not known to be in it", async () => {
    const key = await app.newKey({ ip_allowlist: ["192.0.2.0/24"] });
    const answer = await app.call("/key", { key: key.secret });
    expect([answer.status, answer.body.error.code]).toEqual([403, "ip_not_allowed"]);
    expect(answer.headers.get("x-ratelimit-remaining")).toBe("60");
  });

  test("HEAD is GET without the content", async () => {
    const key = await app.newKey();
    const answer = await app.call("/key", { key: key.secret, method: "HEAD" });
    expect([answer.status, answer.body]).toEqual([200, ""]);
    expect(answer.headers.get("x-ratelimit-remaining")).toBe("59");
    const length = Buffer.byteLength(
      JSON.stringify((await app.call("/key", { key: key.secret })).body),
    );
    expect(answer.headers.get("content-length")).toBe(String(length));
  });
});

describe("credentials", () => {
  const isRefused = async (authorization: string | undefined, status: number, code: string) => {
    const headers = authorization === undefined ? {} : { authorization };
    const answer = await app.call("/key", { headers });
    expect([answer.status, answer.body.error.code]).toEqual([status, code]);
    expect(answer.body.error.type).toBe(
      status === 401 ? "authentication_error" : "invalid_request_error",
    );
    return answer;
  };

  test("without one: 401, a challenge without an error code", async () => {
    for (const header of [undefined, "", "Basic YTpi", "Bearer", "Bearer "]) {
      const answer = await isRefused(header, 401, "missing_api_key");
      expect(answer.headers.get("www-authenticate")).toBe('Bearer realm="tollgate"');
    }
  });

  test("a token in the query string is ignored", async () => {
    const key = await app.newKey();
    const answer = await app.call(`/key?access_token=${key.secret}`);
    expect(answer.status).toBe(401);
    expect(JSON.stringify(answer.body)).not.toContain(key.secret);
  });

  test("every bad credential gets the same 401", async () => {
    const key = await app.newKey();
    const revoked = await app.newKey();
    await app.manage(`/api-keys/${revoked.id}`, { method: "DELETE" });
    const { secret } = key;
    const other = secret.endsWith("0") ? "1" : "0";
    const bad = [
      secret.slice(0, -1) + other,
      secret.slice(0, 40),
      `${secret}0`,
      secret.toUpperCase(),
      revoked.secret,
      "sk_live_'/**/OR/**/1=1--",
      "sk_live_%00",
      "x",
      "sk_live_ü",
      "Bearer",
    ];
    const bodies = new Set<string>();
    for (const token of bad) {
      const answer = await isRefused(`Bearer ${token}`, 401, "invalid_api_key");
      expect(answer.headers.get("www-authenticate")).toContain('error="invalid_token"');
      const { request_id: _, ...rest } = answer.body.error;
      bodies.add(JSON.stringify(rest));
    }
    expect(bodies.size).toBe(1);
    expect((await app.call("/key", { key: secret })).status).toBe(200);
  });

  test("two credentials and a token in parts: 400", async () => {
    const { secret } = await app.newKey();
    for (const header of [
      `Bearer ${secret}, Bearer ${secret}`,
      `Bearer ${secret} x`,
      `Basic x, Bearer ${secret}`,
    ]) {
      await isRefused(header, 400, "malformed_authorization");
    }
  });

  test("the scheme's case does not matter", async () => {
    const { secret } = await app.newKey();
    for (const scheme of ["bearer", "BEARER"]) {
      const answer = await app.call("/key", { headers: { authorization: `${scheme} ${secret}` } });
      expect(answer.status).toBe(200);
    }
  });

  test("two keys that share their first characters stay apart", async () => {
    const first = await app.newKey({ label: "first" });
    const { generateSecret } = await import("../../src/crypto/secret-format.ts");
    let twin = generateSecret("workspace", "live").secret;
    const body = first.secret.slice(0, 20) + twin.slice(20, 64);
    twin = body + Bun.hash.crc32(body).toString(16).padStart(8, "0");
    expect((await app.call("/key", { key: first.secret })).body.label).toBe("first");
    expect((await app.call("/key", { key: twin })).status).toBe(401);
    expect((await app.call("/key", { key: first.secret })).body.label).toBe("first");
  });
});
