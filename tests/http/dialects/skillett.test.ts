import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import Ajv from "ajv";
import addFormats from "ajv-formats";
import { documentPathOf } from "../../../src/build/document-path.ts";
import {
  billingUrl,
  type DialectServer,
  startDialectServer,
} from "../../support/dialect-server.ts";
import { runGeneratedClient } from "../../support/generated-client.ts";
import { readDocument } from "../../support/openapi-document.ts";
import { describePending, type Pending } from "../../support/still-pending.ts";

/** What the page says of things that are not built yet. */
export const pending: readonly Pending[] = [
  { sentence: "GET /v1/skills: List integrations", why: "needs the catalog" },
  { sentence: "GET /v1/skills/:integration: List endpoints", why: "needs the catalog" },
  { sentence: "GET /v1/skills/:integration/:endpoint: documentation", why: "needs the catalog" },
  { sentence: "POST /v1/:integration/:endpoint: Execute an endpoint", why: "needs the gateway" },
  { sentence: "Parameters: Passed in the JSON body under a params key", why: "needs the gateway" },
  { sentence: "POST /v1/connect: Start integration connection", why: "needs connections" },
  { sentence: "GET /v1/connect/:connectionId: Poll connection status", why: "needs connections" },
  { sentence: "GET /v1/:slug/download: Download skill files", why: "needs downloads" },
  { sentence: "POST /auth/device/code, /authorize, /token", why: "needs the device flow" },
  { sentence: "API keys are created via the CLI after login", why: "needs the device flow" },
];

let server: DialectServer;
let seen: Record<string, unknown>;

beforeAll(async () => {
  server = await startDialectServer("skillett");
  seen = await runGeneratedClient("skillett", server);
});
afterAll(() => server.stop());

describePending(pending, () => server);

const asJson = async (response: Response) => (await response.json()) as Record<string, unknown>;

describe("Authentication", () => {
  test("All requests require authentication via an API key. Responses are JSON.", async () => {
    const { secret } = await server.newKey();
    const [without, withKey] = await Promise.all([
      server.call("/key"),
      server.call("/key", { key: secret }),
    ]);
    expect([without.status, withKey.status]).toEqual([401, 200]);
    for (const { headers } of [without, withKey]) {
      expect(headers.get("content-type")).toBe("application/json");
    }
  });

  test("Authorization: Bearer sk_a1b2c3d4e5f6...", () => {
    expect(seen["shown"]).toEqual([200, "agent"]);
  });

  test("Keys follow the format sk_ followed by a hex string", async () => {
    expect(seen["secret"]).toMatch(/^sk_[0-9a-f]{64}$/);
    const made = await server.newKey({ environment: "test" });
    expect(made.secret).toMatch(/^sk_[0-9a-f]{64}$/);
  });

  test("The first 8 characters after sk_ form the key prefix (visible in the dashboard)", async () => {
    expect(seen["keyPrefix"]).toBe(String(seen["secret"]).slice(3, 11));
    const made = await server.newKey();
    const shown = await server.manage(`/api-keys/${made.id}`);
    expect(shown.key_prefix).toBe(made.secret.slice(3, 11));
  });

  test("The full key is shown once at creation and cannot be retrieved again", async () => {
    const { id } = await server.newKey();
    expect(await server.manage(`/api-keys/${id}`)).not.toHaveProperty("secret");
  });
});

describe("Keys can be scoped to specific integrations", () => {
  const mayRun = async (secret: string, skill: string) =>
    (await server.call(`/key?scope=execute&skill=${skill}`, { key: secret })).status;

  test("* (default): All integrations", async () => {
    const made = await server.newKey();
    expect(made.scopes).toEqual(["*"]);
    expect(await mayRun(made.secret, "github/create-issue")).toBe(200);
  });

  /** Made as the page writes it: one text is no type of the document. */
  const newKey = (scopes: unknown) => server.manage("/api-keys", { label: "x", scopes });

  const forms: [string, unknown][] = [
    ["github", "github"],
    ["github in a list", ["github"]],
  ];
  test.each(forms)("%s: Only GitHub endpoints", async (_, scopes) => {
    const made = await newKey(scopes);
    expect(made.scopes).toEqual(["github"]);
    const permissions = await server.call("/v1/permissions", { key: made.secret });
    const { data } = (await permissions.json()) as { data: Record<string, unknown> };
    expect(data["execute"]).toEqual({ allowed: true, skills: ["github/*"] });
  });

  const lists: [string, unknown][] = [
    ["github,gmail", "github,gmail"],
    ["github, gmail", "github, gmail"],
    ["github,gmail in a list", ["github,gmail"]],
    ["a list of two", ["github", "gmail"]],
  ];
  test.each(lists)("%s: GitHub and Gmail only", async (_, scopes) => {
    const made = await newKey(scopes);
    expect(made.scopes).toEqual(["github", "gmail"]);
    await server.manage(`/api-keys/${made.id}`, { scopes: "gmail,github" }, "PATCH");
    const permissions = await server.call("/v1/permissions", { key: made.secret });
    const { data } = (await permissions.json()) as { data: Record<string, unknown> };
    expect(data["execute"]).toEqual({ allowed: true, skills: ["github/*", "gmail/*"] });
  });

  const made = () => server.newKey({ scopes: "github" } as object);

  test("github: execute is allowed there and nowhere else, whoever is asked", async () => {
    const { id, secret } = await made();
    const skills: [string, boolean][] = [
      ["github/create-issue", true],
      ["gmail/send-message", false],
    ];
    for (const [skill, allowed] of skills) {
      for (const action of ["discover", "execute"]) {
        const query = `?scope=${action}&skill=${skill}`;
        const shown = await server.call(`/key${query}`, { key: secret });
        expect([query, shown.status]).toEqual([query, allowed ? 200 : 403]);
        if (!allowed) expect((await asJson(shown))["message"]).toContain("integration:gmail");
        const verified = await server.manage("/v1/keys/verify", {
          key: secret,
          scopes: [action],
          skill,
        });
        expect([query, verified.valid]).toEqual([query, allowed]);
        expect(verified.missing_scope).toBe(allowed ? null : "integration:gmail");
        const explained = await server.manage("/v1/permissions/explain", {
          key_id: id,
          skill,
          action,
        });
        expect([query, explained.allowed]).toEqual([query, allowed]);
      }
    }
    // Without a skill that would be everywhere.
    expect((await server.call("/key?scope=execute", { key: secret })).status).toBe(403);
  });

  test("github,gmail in a list is what a generated client sends", async () => {
    const made = await server.newKey({ scopes: ["github,gmail"] });
    expect(made.scopes).toEqual(["github", "gmail"]);
    expect(seen["made"]).toEqual([201, ["github", "gmail"]]);
  });

  test("the document lets it pass where a proxy validates by it, and nothing the server refuses", async () => {
    const { operations, faultsOf } = await readDocument(documentPathOf("skillett"));
    for (const id of ["createKey", "updateKey"]) {
      const one = operations.find(({ operationId }) => operationId === id);
      const schema = one?.requestBody?.content["application/json"]?.schema ?? {};
      const faults = (scopes: unknown) => faultsOf({ label: "x", scopes }, schema);
      for (const good of [["github,gmail"], ["github, gmail", "slack"], ["*"], []]) {
        expect(faults(good)).toEqual([]);
      }
      for (const bad of [["github,,gmail"], [""], [","], ["a b"]]) {
        expect(faults(bad)).not.toEqual([]);
      }
    }
  });

  test("an empty scope between commas is refused, and named", async () => {
    const body = { label: "x", scopes: "github,,gmail" };
    const response = await server.call("/api-keys", { key: server.managementKey, body });
    expect([response.status, (await asJson(response))["error"]]).toEqual([
      422,
      "validation_failed",
    ]);
  });
});

describe("Conventions", () => {
  test("Content-Type: application/json for POST/PATCH requests", async () => {
    const response = await fetch(`${server.url}/api-keys`, {
      method: "POST",
      headers: { authorization: `Bearer ${server.managementKey}`, "content-type": "text/plain" },
      body: '{"label":"x"}',
    });
    expect(response.status).toBe(415);
  });

  test("Query strings: Used for pagination and filtering on list endpoints", async () => {
    await Promise.all([server.newKey({ label: "listed" }), server.newKey({ label: "listed" })]);
    const page = await server.manage("/api-keys?q=listed&limit=1");
    expect(page.data.length).toBe(1);
    const next = await server.manage(`/api-keys?q=listed&limit=1&cursor=${page.next_cursor}`);
    expect(next.data[0].id).not.toBe(page.data[0].id);
  });

  test('Success: {"status": 200, "data": { ... }}', async () => {
    const { id, secret } = await server.newKey();
    const { managementKey: key } = server;
    const calls: [string, { key: string; body?: object; method?: string }][] = [
      ["/key", { key: secret }],
      ["/key?scope=execute", { key: secret }],
      ["/v1/permissions", { key: secret }],
      ["/api-keys", { key }],
      [`/api-keys/${id}`, { key }],
      [`/api-keys/${id}/rotate`, { key, body: {} }],
      [`/api-keys/${id}`, { key, method: "DELETE" }],
    ];
    for (const [path, init] of calls) {
      const answer = await server.call(path, init);
      expect(await asJson(answer)).toEqual({ status: 200, data: expect.any(Object) });
      // The operator's key has no limits.
      if (init.key === secret) expect(answer.headers.get("x-ratelimit-limit")).toBe("30");
      expect(answer.headers.get("cache-control")).toBe("no-store");
    }
  });

  test("a key that is made has the status of its response, with a replay too", async () => {
    const send = () =>
      fetch(`${server.url}/api-keys`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${server.managementKey}`,
          "content-type": "application/json",
          "idempotency-key": "once",
        },
        body: JSON.stringify({ label: "once" }),
      });
    const [first, second] = [await send(), await send()];
    const [one, two] = [await asJson(first), await asJson(second)];
    expect([first.status, one["status"]]).toEqual([201, 201]);
    expect(two).toEqual(one);
    expect(second.headers.get("idempotency-replayed")).toBe("true");
  });

  test("what servers ask and operators read is bare", async () => {
    const { secret } = await server.newKey();
    const { managementKey: key } = server;
    const verified = await asJson(
      await server.call("/v1/keys/verify", { key, body: { key: secret } }),
    );
    expect(verified["valid"]).toBe(true);
    expect(await asJson(await server.call("/healthz"))).toEqual({ status: "ok" });
    expect((await asJson(await server.call("/plans", { key })))["data"]).toBeInstanceOf(Array);
  });

  test('Error: {"error": "error_code", "message", "action_url"}', async () => {
    const { secret } = await server.newKey({ scopes: ["discover"] });
    expect(await asJson(await server.call("/key?scope=execute", { key: secret }))).toEqual({
      error: "insufficient_scope",
      message: "This key lacks the scope execute.",
      action_url: `${server.url}/docs`,
    });
    expect(await asJson(await server.call("/key"))).toEqual({
      error: "missing_api_key",
      message: "API key missing. Send it in the header: Authorization: Bearer KEY.",
      action_url: `${server.url}/docs`,
    });
    expect(seen["refused"]).toEqual([401, "invalid_api_key", `${server.url}/docs`]);
  });
});

describe("action_url", () => {
  const send = async (host: string) => {
    const { promise, resolve } = Promise.withResolvers<string>();
    let text = "";
    const { hostname, port } = new URL(server.url);
    await Bun.connect({
      hostname,
      port: Number(port),
      socket: {
        open: (socket) => {
          socket.write(`GET /key HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
        },
        data: (_, bytes) => {
          text += bytes.toString();
        },
        close: () => resolve(text),
      },
    });
    const [head = "", body = ""] = (await promise).split("\r\n\r\n");
    return { head, body: JSON.parse(body) };
  };

  test("is what the document says of it, with a malformed Host too", async () => {
    const document = await asJson(await server.call("/openapi.json"));
    const validate = addFormats(new Ajv({ strict: false })).compile({
      ...document,
      $ref: "#/components/schemas/Error",
    });
    for (const host of ["keys.example.com", "a b", ""]) {
      const { body } = await send(host);
      expect([host, body, validate(body)]).toEqual([host, body, true]);
    }
    expect((await send("a b")).body.action_url).toBe("/docs");
  });

  test("with a made-up Host leads there, in an answer that nobody else gets", async () => {
    const { head, body } = await send("elsewhere.example");
    expect(body.action_url).toBe("http://elsewhere.example/docs");
    expect(head.toLowerCase()).toContain("cache-control: no-store");
  });
});

describe("Limits", () => {
  test("Free | 30 req/min | 10,000/day, Pro | Higher | Higher, Unlimited | Highest | Highest", async () => {
    const { data } = await server.manage("/plans");
    const rows = Object.fromEntries(
      data.map((plan: Record<string, unknown>) => [
        plan["name"],
        [plan["requests_per_minute"], plan["requests_per_day"]],
      ]),
    );
    expect(rows).toEqual({ Free: [30, 10_000], Pro: [600, 50_000], Unlimited: [null, null] });
    const { secret } = await server.newKey();
    const { headers } = await server.call("/key", { key: secret });
    expect(headers.get("ratelimit-policy")).toBe('"minute";q=30;w=60, "day";q=10000;w=86400');
  });

  test("When rate limited, the API returns HTTP 429", async () => {
    const { secret } = await server.newKey({ limits: { requests_per_minute: 0 } });
    const response = await server.call("/key", { key: secret });
    const seconds = response.headers.get("retry-after");
    expect([response.status, await asJson(response)]).toEqual([
      429,
      {
        error: "rate_limit_exceeded",
        message: `Rate limit exceeded. Please retry after ${seconds} seconds.`,
        action_url: billingUrl,
      },
    ]);
  });

  test("Daily API call limit reached (10000). Resets at midnight UTC.", async () => {
    const limits = { requests_per_minute: 1_000_000, requests_per_day: 10_000 };
    const made = await server.newKey({ limits });
    const uses = async () => {
      for (let at = 0; at < 100; at++) {
        const use = await server.call("/key", { key: made.secret });
        await use.arrayBuffer();
      }
    };
    await Promise.all(Array.from({ length: 100 }, uses));
    const response = await server.call("/key", { key: made.secret });
    expect([response.status, await asJson(response)]).toEqual([
      429,
      {
        error: "daily_limit_reached",
        message: "Daily API call limit reached (10000). Resets at midnight UTC.",
        action_url: billingUrl,
      },
    ]);
  });
});

describe("Endpoints", () => {
  test("GET /api-keys: List API keys", () => {
    expect(seen["listed"]).toEqual([200, true]);
  });

  test("POST /api-keys: Create API key", () => {
    expect(seen["made"]).toEqual([201, ["github", "gmail"]]);
  });

  test("DELETE /api-keys/:id: Revoke API key", () => {
    expect(seen["revoked"]).toEqual([200, "revoked"]);
  });
});
