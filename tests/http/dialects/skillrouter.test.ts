import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type DialectServer, startDialectServer } from "../../support/dialect-server.ts";
import { runGeneratedClient } from "../../support/generated-client.ts";
import { describePending, type Pending } from "../../support/still-pending.ts";

/** What the page says of things that are not built yet. */
export const pending: readonly Pending[] = [
  { sentence: "Navigate to Dashboard → API Keys in your dashboard.", why: "needs the console" },
  { sentence: "curl -X POST https://api.skillrouter.dev/v1/discover", why: "needs the catalog" },
  { sentence: "from skillrouter import SkillRouter", why: "its SDK is not public" },
];

let server: DialectServer;
let seen: Record<string, unknown>;

beforeAll(async () => {
  server = await startDialectServer("skillrouter");
  seen = await runGeneratedClient("skillrouter", server);
});
afterAll(() => server.stop());

describePending(pending, () => server);

const limitHeaders = ["limit", "remaining", "reset", "window"].map((name) => `x-ratelimit-${name}`);
const numbersOf = (headers: Headers) => limitHeaders.map((name) => headers.get(name));
const isNumber = expect.stringMatching(/^\d+$/);

describe("Getting an API Key", () => {
  test('give it a descriptive name (e.g., "Production Backend" or "Dev Testing")', () => {
    expect(seen["label"]).toBe("Production Backend");
  });

  test("Choose the appropriate scope: read-only for discovery", () => {
    expect(seen["scopes"]).toEqual(["discover"]);
    expect(seen["readOnlyMayExecute"]).toBe(403);
  });

  test("or full-access for discovery and execution", async () => {
    expect(seen["fullScopes"]).toEqual(["discover", "execute"]);
    const { id, secret } = await server.newKey({ scopes: ["read-only"] });
    await server.manage(`/api-keys/${id}`, { scopes: ["full-access"] }, "PATCH");
    const answer = await server.call("/key?scope=discover%20execute", { key: secret });
    expect(answer.status).toBe(200);
  });

  test("the full key is only shown once", async () => {
    expect(seen["listedHasSecret"]).toBe(false);
    const { data } = await server.manage("/api-keys");
    expect(JSON.stringify(data)).not.toMatch(/[0-9a-f]{64}/);
  });

  test("If a key is compromised, revoke it immediately", async () => {
    const { id, secret } = await server.newKey();
    await server.manage(`/api-keys/${id}`, undefined, "DELETE");
    expect((await server.call("/key", { key: secret })).status).toBe(401);
  });
});

describe("Using Bearer Token Authentication", () => {
  test("Authorization: Bearer sk_live_your_api_key_here", async () => {
    expect(seen["secret"]).toMatch(/^sk_live_[0-9a-f]{64}$/);
    const made = await server.newKey({ environment: "test" });
    expect(made.secret).toMatch(/^sk_test_[0-9a-f]{64}$/);
  });

  test("All API requests must include your API key in the Authorization header", async () => {
    for (const headers of [{}, { "x-api-key": String(seen["secret"]) }]) {
      const response = await fetch(`${server.url}/key`, { headers });
      expect(response.status).toBe(401);
      const { error } = (await response.json()) as { error: Record<string, unknown> };
      expect(Object.keys(error)).toEqual(["code", "message"]);
      expect(error["code"]).toBe("missing_api_key");
    }
  });
});

describe("Recommendations", () => {
  test("Use separate API keys for development, staging, and production environments", async () => {
    const keys = await Promise.all(
      ["dev", "staging", "prod"].map((label) => server.newKey({ label })),
    );
    expect(new Set(keys.map(({ secret }) => secret)).size).toBe(3);
  });

  test("Rotate keys periodically", async () => {
    const { id, secret } = await server.newKey();
    const rotated = await server.manage(`/api-keys/${id}/rotate`, {});
    expect((await server.call("/key", { key: rotated.secret })).status).toBe(200);
    expect((await server.call("/key", { key: secret })).status).toBe(401);
  });
});

describe("Rate Limiting", () => {
  test("Free | 60 | 1,000, Pro | 600 | 50,000, Enterprise | Custom | Custom", async () => {
    const { data } = await server.manage("/plans");
    const rows = data.map((plan: Record<string, unknown>) => [
      plan["name"],
      plan["requests_per_minute"],
      plan["requests_per_day"],
    ]);
    expect(rows).toEqual([
      ["Enterprise", null, null],
      ["Free", 60, 1_000],
      ["Pro", 600, 50_000],
    ]);
  });

  test("Limits vary by plan and are applied per API key", async () => {
    const [one, other] = await Promise.all([server.newKey(), server.newKey()]);
    await server.call("/key", { key: one.secret });
    const again = await server.call("/key", { key: one.secret });
    const fresh = await server.call("/key", { key: other.secret });
    expect(again.headers.get("x-ratelimit-remaining")).toBe("58");
    expect(fresh.headers.get("x-ratelimit-remaining")).toBe("59");
  });

  test("Every API response includes headers indicating your current rate limit status", async () => {
    const { secret } = await server.newKey();
    const custom = await server.newKey({ plan: "enterprise" });
    const answers = await Promise.all([
      server.call("/key", { key: secret }),
      server.call("/key?scope=execute", { key: secret }),
      server.call("/key?scope=", { key: secret }),
      server.call("/v1/nothing", { key: secret }),
      server.call("/key", { key: custom.secret }),
      server.call("/v1/permissions", { key: custom.secret }),
      server.call("/key"),
      server.call("/key", { key: "sk_live_wrong" }),
      server.call("/v1/permissions"),
      server.call("/nothing"),
      server.call("/api-keys", { key: server.managementKey }),
      server.call("/api-keys", { key: server.managementKey, body: { label: 7 } }),
      server.call("/healthz"),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([
      200, 200, 422, 404, 200, 200, 401, 401, 401, 404, 200, 422, 200,
    ]);
    for (const { headers } of answers) {
      expect(numbersOf(headers)).toEqual([isNumber, isNumber, isNumber, isNumber]);
    }
  });

  test("a management call whose body cannot be read counts, and shows the limits of its key", async () => {
    const limits = { requests_per_minute: 5 };
    const { secret: key } = await server.newKey({ type: "management", limits });
    const send = (type: string, body: string) =>
      fetch(`${server.url}/api-keys`, {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": type },
        body,
      });
    const bodies: [string, string, number][] = [
      ["application/json", "{", 400],
      ["text/plain", "{}", 415],
      ["application/json", " ".repeat(1_048_577), 413],
      ["application/json", '{"label":7}', 422],
      ["application/json", '{"label":"x"}', 201],
      ["application/json", "{", 429],
    ];
    for (const [at, [type, body, status]] of bodies.entries()) {
      const { status: got, headers } = await send(type, body);
      expect([at, got]).toEqual([at, status]);
      expect([at, ...numbersOf(headers).slice(0, 2)]).toEqual([
        at,
        "5",
        String(Math.max(4 - at, 0)),
      ]);
    }
  });

  test("X-RateLimit-Limit, -Remaining, -Reset, -Window: 60", async () => {
    const { secret } = await server.newKey();
    const { headers } = await server.call("/key", { key: secret });
    const [limit, remaining, reset, window] = numbersOf(headers);
    expect([limit, remaining, window]).toEqual(["60", "59", "60"]);
    expect(Number(reset) % 60).toBe(0);
  });
});

describe("Handling 429 Errors", () => {
  test("the API returns a 429 Too Many Requests response with a Retry-After header", async () => {
    const { secret } = await server.newKey({ limits: { requests_per_minute: 0 } });
    const response = await server.call("/key", { key: secret });
    const seconds = Number(response.headers.get("retry-after"));
    expect(response.status).toBe(429);
    expect(response.statusText).toBe("Too Many Requests");
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(seconds).toBeGreaterThan(0);
    expect(await response.json()).toEqual({
      error: {
        code: "rate_limit_exceeded",
        message: `Rate limit exceeded. Please retry after ${seconds} seconds.`,
        retry_after: seconds,
      },
    });
  });

  test("rate_limit_exceeded and its sentence are those of the day's limit and of concurrency too", async () => {
    for (const limits of [{ requests_per_day: 0 }, { concurrent_requests: 0 }]) {
      const { secret } = await server.newKey({ limits });
      const response = await server.call("/key", { key: secret });
      const { error } = (await response.json()) as { error: Record<string, unknown> };
      const seconds = Number(response.headers.get("retry-after"));
      expect([response.status, error]).toEqual([
        429,
        {
          code: "rate_limit_exceeded",
          message: `Rate limit exceeded. Please retry after ${seconds} seconds.`,
          retry_after: seconds,
        },
      ]);
    }
  });

  test("a generated client reads code and retry_after", () => {
    expect(seen["limited"]).toEqual({
      status: 429,
      code: "rate_limit_exceeded",
      retryAfter: expect.any(Number),
    });
  });
});
