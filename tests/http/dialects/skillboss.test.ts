import { afterAll, beforeAll, describe, expect, spyOn, test } from "bun:test";
import OpenAI, {
  type APIError,
  AuthenticationError,
  PermissionDeniedError,
  RateLimitError,
} from "openai";
import {
  billingUrl,
  type DialectServer,
  startDialectServer,
} from "../../support/dialect-server.ts";
import { describePending, type Pending } from "../../support/still-pending.ts";

/** What the page says of things that are not built yet. */
export const pending: readonly Pending[] = [
  { sentence: 'Click "Download Skills Pack" to get a ZIP file', why: "needs downloads" },
  { sentence: "Open SKILL.md inside the ZIP to find your key", why: "needs downloads" },
  { sentence: "POST /v1/chat/completions", why: "needs the gateway" },
  { sentence: "client.chat.completions.create", why: "needs the gateway" },
  { sentence: '"choices": [...] with _balance_warning', why: "needs the gateway" },
  { sentence: "Monitor requests, costs, and remaining credits", why: "needs the console" },
];

let server: DialectServer;
beforeAll(async () => {
  server = await startDialectServer("skillboss");
});
afterAll(() => server.stop());

describePending(pending, () => server);

/** The page's own client: `new OpenAI({ baseURL: ".../v1", apiKey })`. */
function clientWith(apiKey: string, maxRetries = 0): OpenAI {
  return new OpenAI({ baseURL: `${server.url}/v1`, apiKey, maxRetries });
}

/** The error that a call ends in. */
async function failureOf(call: PromiseLike<unknown>): Promise<unknown> {
  return Promise.resolve(call).then(
    () => undefined,
    (error: unknown) => error,
  );
}

interface Presented {
  label: string;
  plan: string;
  _balance_warning?: boolean;
  _remaining_credits?: number;
}

describe("Overview and key", () => {
  test("uses API key authentication via Bearer tokens in HTTP headers", async () => {
    const { secret } = await server.newKey({ label: "bearer" });
    const key = await clientWith(secret).get<Presented>("/key");
    expect(key.label).toBe("bearer");
  });

  test("SKILLBOSS_KEY=sk-abc123def456...", async () => {
    expect((await server.newKey()).secret).toMatch(/^sk-[0-9a-f]{64}$/);
    const made = await server.newKey({ environment: "test" });
    expect(made.secret).toMatch(/^sk-test-[0-9a-f]{64}$/);
  });

  test("Every request must include your unique API key", async () => {
    const response = await fetch(`${server.url}/v1/key`);
    expect(response.status).toBe(401);
  });
});

describe("Rate Limiting", () => {
  test("Free | 10 | 2, Starter | 60 | 10, Pro | Negotiable", async () => {
    const { data } = await server.manage("/plans");
    const rows = data.map((plan: Record<string, unknown>) => [
      plan["name"],
      plan["requests_per_minute"],
      plan["concurrent_requests"],
      plan["requests_per_day"],
    ]);
    expect(rows).toEqual([
      ["Free", 10, 2, null],
      ["Pro", null, null, null],
      ["Starter", 60, 10, null],
    ]);
  });

  test("API keys are subject to rate limits based on your plan", async () => {
    const { secret } = await server.newKey();
    const key = await clientWith(secret).get<Presented>("/key");
    expect(key.plan).toBe("free");
  });

  test("Responses include X-RateLimit-Limit, X-RateLimit-Remaining and X-RateLimit-Reset", async () => {
    const { secret } = await server.newKey({ plan: "starter" });
    const { headers } = await server.call("/v1/key", { key: secret });
    expect(headers.get("x-ratelimit-limit")).toBe("60");
    expect(headers.get("x-ratelimit-remaining")).toBe("59");
    const reset = Number(headers.get("x-ratelimit-reset"));
    expect(reset % 60).toBe(0);
  });

  test("Responses include rate limit information: all of them, without a key too", async () => {
    const { secret } = await server.newKey();
    const { managementKey } = server;
    const answers = await Promise.all([
      server.call("/v1/key", { key: secret }),
      server.call("/v1/nothing", { key: secret }),
      server.call("/v1/key"),
      server.call("/v1/key", { key: "sk-wrong" }),
      server.call("/v1/key", { key: "a b" }),
      server.call("/api-keys", { key: managementKey }),
      server.call("/healthz"),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 404, 401, 401, 401, 200, 200]);
    for (const { headers } of answers) {
      for (const name of ["limit", "remaining", "reset"]) {
        expect(headers.get(`x-ratelimit-${name}`)).toMatch(/^\d+$/);
      }
    }
  });

  test("except RateLimitError as e: e.response.headers.get('Retry-After')", async () => {
    const { secret } = await server.newKey({ limits: { requests_per_minute: 0 } });
    const error = await failureOf(clientWith(secret).get("/key"));
    expect(error).toBeInstanceOf(RateLimitError);
    const { status, code, type, param, headers } = error as RateLimitError;
    expect([status, code, type, param]).toEqual([
      429,
      "rate_limit_exceeded",
      "rate_limit_error",
      null,
    ]);
    const seconds = Number(headers?.get("retry-after"));
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(60);
  });

  test("the client's retry waits for as long as Retry-After says, and then gets through", async () => {
    const { id, secret } = await server.newKey({ limits: { requests_per_minute: 0 } });
    const told: (string | null)[] = [];
    const client = new OpenAI({
      baseURL: `${server.url}/v1`,
      apiKey: secret,
      maxRetries: 1,
      fetch: async (...asked) => {
        const response = await fetch(...asked);
        told.push(response.headers.get("retry-after"));
        return response;
      },
    });
    const waited = await withoutWaiting(
      () => client.get("/key"),
      () => server.manage(`/api-keys/${id}`, { limits: { requests_per_minute: 9 } }, "PATCH"),
    );
    expect(told).toEqual([expect.stringMatching(/^\d+$/), null]);
    // A whole minute, which is the longest there is here, is also the longest it lets itself be told.
    expect(waited).toEqual([Number(told[0]) * 1_000]);
  });
});

/** Runs `call` with each wait of a second to a minute replaced by `instead`. Returns those waits. */
async function withoutWaiting(
  call: () => PromiseLike<unknown>,
  instead: () => Promise<unknown>,
): Promise<number[]> {
  const waited: number[] = [];
  const real = globalThis.setTimeout;
  const timers = spyOn(globalThis, "setTimeout").mockImplementation(((
    run: () => void,
    ms = 0,
    ...rest: unknown[]
  ) => {
    if (ms < 400 || ms > 60_000) return real(run, ms, ...rest);
    waited.push(ms);
    return real(() => void instead().then(run), 0);
  }) as typeof setTimeout);
  try {
    await call();
  } finally {
    timers.mockRestore();
  }
  return waited;
}

describe("Monitoring Usage", () => {
  test("When your balance drops below 10 credits, API responses include a warning", async () => {
    const { secret } = await server.newKey({ plan: "starter" });
    const show = () => clientWith(secret).get<Presented>("/key");
    expect(await show()).not.toHaveProperty("_balance_warning");
    await server.grant(12.23);
    expect(await show()).not.toHaveProperty("_balance_warning");
    await server.charge(secret, 5);
    const warning = { _balance_warning: true, _remaining_credits: 7.23 };
    expect(await show()).toMatchObject(warning);
    expect(await clientWith(secret).get<Presented>("/permissions")).toMatchObject(warning);
    const body = { name: "worker" };
    expect(await clientWith(secret).post<Presented>("/runtimes", { body })).toMatchObject(warning);
  });
});

describe("Troubleshooting", () => {
  const unauthorized = {
    message: "Invalid API key",
    type: "invalid_request_error",
    param: null,
    code: "invalid_api_key",
  };

  test('"Unauthorized" Error', async () => {
    const error = await failureOf(clientWith(`sk-${"0".repeat(64)}`).get("/key"));
    expect(error).toBeInstanceOf(AuthenticationError);
    expect((error as AuthenticationError).error).toEqual(unauthorized);
    expect((error as AuthenticationError).message).toBe("401 Invalid API key");
  });

  test.each([
    ["Missing Authorization header", {}],
    ["Incorrect key format", { authorization: "Bearer sk-abc123..." }],
    ["Incorrect key format: two words", { authorization: "Bearer a b" }],
    ["Incorrect key format: two keys", { authorization: "Bearer sk-a, Bearer sk-b" }],
    ["Incorrect key format: no Bearer", { authorization: `sk-${"0".repeat(64)}` }],
  ])("Causes: %s", async (_, headers: Record<string, string>) => {
    const response = await fetch(`${server.url}/v1/key`, { headers });
    expect([response.status, await response.json()]).toEqual([401, { error: unauthorized }]);
    expect(response.headers.get("www-authenticate")).toStartWith('Bearer realm="tollgate"');
  });

  test("Causes: Incorrect key format is an AuthenticationError of the client", async () => {
    const error = await failureOf(clientWith("a b").get("/key"));
    expect(error).toBeInstanceOf(AuthenticationError);
    expect((error as AuthenticationError).error).toEqual(unauthorized);
  });

  test("Causes: Expired key", async () => {
    const { secret } = await server.newKey({ plan: "pro", expires_in_seconds: 1 });
    expect((await server.call("/v1/key", { key: secret })).status).toBe(200);
    let error: unknown;
    while (error === undefined) error = await failureOf(clientWith(secret).get("/key"));
    expect(error).toBeInstanceOf(AuthenticationError);
    expect((error as AuthenticationError).error).toEqual(unauthorized);
  });

  test("Causes: Revoked key; Test that the old key no longer works", async () => {
    const { id, secret } = await server.newKey();
    await clientWith(secret).get("/key");
    await server.manage(`/api-keys/${id}`, undefined, "DELETE");
    const error = await failureOf(clientWith(secret).get("/key"));
    expect((error as AuthenticationError).error).toEqual(unauthorized);
  });

  test("Rotating Keys: Generate New Key", async () => {
    const { id, secret } = await server.newKey();
    const rotated = await server.manage(`/api-keys/${id}/rotate`, {});
    expect(rotated.secret).toMatch(/^sk-[0-9a-f]{64}$/);
    await clientWith(rotated.secret).get("/key");
    expect(await failureOf(clientWith(secret).get("/key"))).toBeInstanceOf(AuthenticationError);
  });

  test('"Insufficient Credits" Error, of credits and of a spend limit', async () => {
    const limited = await server.newKey({ plan: "starter", spend_limit: 0.5 });
    const { secret } = await server.newKey({ plan: "starter" });
    await server.grant(5);
    for (const [key, cost, of] of [
      [secret, 1_000, "credits"],
      [limited.secret, 1, "key"],
    ] as const) {
      const call = clientWith(key).get(`/key?cost=${cost}`);
      const error = (await failureOf(call)) as APIError;
      expect(error.status).toBe(402);
      expect(error.error).toMatchObject({
        message: "Insufficient credits",
        type: "insufficient_balance",
        param: null,
        code: "insufficient_balance",
        action_url: billingUrl,
      });
      expect(error.error).toHaveProperty("shortage.of", of);
    }
  });

  test("Solution: Add credits to your account", async () => {
    const { secret } = await server.newKey({ plan: "starter" });
    const { balance } = await server.manage("/organizations/default/credits");
    const show = () => failureOf(clientWith(secret).get(`/key?cost=${Math.ceil(balance) + 5}`));
    expect((await show()) as APIError).toMatchObject({ status: 402 });
    await server.grant(6);
    expect(await show()).toBeUndefined();
  });

  test("Solution: Enable auto-recharge to prevent interruptions", async () => {
    const at = "/organizations/default";
    const { secret } = await server.newKey({ plan: "starter" });
    const { balance } = await server.manage(`${at}/credits`);
    const rule = { below: balance, add: 50, monthly_max: 100 };
    await server.manage(`${at}/recharge-rule`, rule, "PUT");
    await server.charge(secret, 1);
    const { data } = await server.manage(`${at}/recharges`);
    expect(data).toEqual([expect.objectContaining({ amount: 50, state: "requested" })]);
    await server.manage(`${at}/recharge-rule`, undefined, "DELETE");
  });

  test("a 403 is the client's own error too, with all four fields", async () => {
    const { secret } = await server.newKey({ scopes: ["discover"] });
    const error = await failureOf(clientWith(secret).get("/key?scope=execute"));
    expect(error).toBeInstanceOf(PermissionDeniedError);
    expect(Object.keys((error as PermissionDeniedError).error as object)).toEqual([
      "message",
      "type",
      "param",
      "code",
    ]);
  });
});
