import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { DomainError } from "../../src/core/errors.ts";
import { isWellFormedSecret } from "../../src/crypto/secret-format.ts";
import { createKey } from "../../src/keys/create-key.ts";
import { updateKey } from "../../src/keys/update-key.ts";
import { type AddressRange, parseAddressRange } from "../../src/permissions/address-range.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.stop());

const create = (body: unknown) => app.manage("/api-keys", { body });

describe("POST /api-keys", () => {
  test("201 gives the key with its secret, which no other answer shows", async () => {
    const created = await create({ label: "production" });
    expect(created.status).toBe(201);
    expect(created.headers.get("cache-control")).toBe("no-store");
    const { secret, ...key } = created.body;
    expect(isWellFormedSecret(secret)).toBe(true);
    expect(secret).toStartWith("sk_live_");
    expect(key).toMatchObject({
      label: "production",
      type: "workspace",
      environment: "live",
      scopes: ["*"],
      status: "active",
      key_prefix: secret.slice(8, 16),
      created_by: app.operatorId,
      last_used_at: null,
      expires_at: null,
      metadata: {},
      plan: null,
    });
    const shown = await app.manage(`/api-keys/${key.id}`);
    expect(shown.body).toEqual(key);
    expect((await app.manage("/api-keys")).body.data).toContainEqual(key);
  });

  test("every field comes back as it was given", async () => {
    const fields = {
      label: "all fields",
      description: "what it is for",
      type: "workspace",
      environment: "test",
      scopes: ["documents:*", "model:gpt-*", "execute"],
      plan: "pro",
      limits: { requests_per_minute: 7, requests_per_day: null, concurrent_requests: 2 },
      allowed_models: ["gpt-*"],
      allowed_providers: ["openai"],
      ip_allowlist: ["192.0.2.0/24", "2001:db8::1"],
      metadata: { team: "search", nested: { list: [1, 2, null] } },
      expires_at: "2027-01-01T00:00:00.000Z",
    };
    const created = await create(fields);
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject(fields);
    expect(created.body.secret).toStartWith("sk_test_");
  });

  test("each type that a management key makes has its prefix", async () => {
    const types = { workspace: "sk_live_", management: "mk_" };
    for (const [type, prefix] of Object.entries(types)) {
      const created = await create({ label: type, type });
      expect(created.body.secret).toStartWith(prefix);
    }
  });

  test("nobody makes a user key but its user, and nobody a runtime key", async () => {
    const user = await create({ label: "x", type: "user" });
    expect([user.status, user.body.error.code]).toEqual([403, "insufficient_role"]);
    const named = await create({ label: "x", type: "user", user_id: "usr_1" });
    expect([named.status, named.body.error.param]).toEqual([422, "user_id"]);
    expect((await create({ label: "x", type: "runtime" })).status).toBe(422);
  });

  test("a preset stands for its scopes, and not beside others", async () => {
    const scopesOf = async (preset: string) => (await create({ label: "x", preset })).body.scopes;
    expect(await scopesOf("read-only")).toEqual(["discover"]);
    expect(await scopesOf("full-access")).toEqual(["discover", "execute"]);
    const both = await create({ label: "x", preset: "read-only", scopes: ["execute"] });
    expect([both.status, both.body.error.param]).toEqual([422, "preset"]);
  });

  test("expires_in_seconds counts from now", async () => {
    const created = await create({ label: "short", expires_in_seconds: 60 });
    const life = Date.parse(created.body.expires_at) - Date.parse(created.body.created_at);
    expect(life).toBe(60_000);
  });

  const refused: [string, object, string][] = [
    ["no label", {}, "label"],
    ["an empty label", { label: "" }, "label"],
    ["a blank label", { label: "   " }, "label"],
    ["a label of 101 characters", { label: "x".repeat(101) }, "label"],
    ["a label that is no string", { label: 7 }, "label"],
    ["an unknown field", { label: "x", lable: "y" }, "lable"],
    ["an unknown limit", { label: "x", limits: { per_hour: 1 } }, "limits.per_hour"],
    [
      "a negative limit",
      { label: "x", limits: { requests_per_minute: -1 } },
      "limits.requests_per_minute",
    ],
    [
      "a limit of a half",
      { label: "x", limits: { requests_per_day: 1.5 } },
      "limits.requests_per_day",
    ],
    [
      "a limit in a string",
      { label: "x", limits: { requests_per_day: "5" } },
      "limits.requests_per_day",
    ],
    ["an unknown type", { label: "x", type: "root" }, "type"],
    ["an unknown environment", { label: "x", environment: "staging" }, "environment"],
    ["a scope with a space", { label: "x", scopes: ["a b"] }, "scopes.0"],
    ["a * inside a scope", { label: "x", scopes: ["a:*:b"] }, "scopes.0"],
    ["an unknown plan", { label: "x", plan: "gold" }, "plan"],
    ["an unknown workspace", { label: "x", workspace_id: "ws_0" }, "workspace_id"],
    ["a host name in the allowlist", { label: "x", ip_allowlist: ["localhost"] }, "ip_allowlist.0"],
    ["an octal address", { label: "x", ip_allowlist: ["010.0.0.1"] }, "ip_allowlist.0"],
    ["metadata over 4 KiB", { label: "x", metadata: { a: "x".repeat(4_096) } }, "metadata"],
    ["metadata that is a list", { label: "x", metadata: [1] }, "metadata"],
    ["an expiry in the past", { label: "x", expires_at: "2020-01-01T00:00:00Z" }, "expires_at"],
    ["an expiry that is no date", { label: "x", expires_at: "tomorrow" }, "expires_at"],
    ["a day that is none", { label: "x", expires_at: "2027-02-30T00:00:00Z" }, "expires_at"],
    ["a label with an escape", { label: "x\u001b[2Jy" }, "label"],
    ["a label of two lines", { label: "x\ny" }, "label"],
    ["a description with a bell", { label: "x", description: "\u0007" }, "description"],
    [
      "both expiries",
      { label: "x", expires_at: "2027-01-01T00:00:00Z", expires_in_seconds: 5 },
      "expires_in_seconds",
    ],
    ["a life of 0 seconds", { label: "x", expires_in_seconds: 0 }, "expires_in_seconds"],
  ];
  for (const [what, body, param] of refused) {
    test(`422 names the field for ${what}`, async () => {
      const answer = await create(body);
      expect(answer.status).toBe(422);
      const { type, code, details } = answer.body.error;
      expect([type, code]).toEqual(["validation_error", "validation_failed"]);
      expect(details.map((field: { param: string }) => field.param)).toContain(param);
    });
  }

  test("422 names every failing field", async () => {
    const answer = await create({ label: "", type: "root", extra: 1, limits: { x: 1 } });
    const params = answer.body.error.details.map((field: { param: string }) => field.param);
    expect(params).toEqual(expect.arrayContaining(["label", "type", "extra", "limits.x"]));
  });

  test("a management key cannot make one that is wider than itself", async () => {
    const narrow = await app.newKey({ type: "management", scopes: ["keys:write", "keys:read"] });
    const make = (scopes: string[]) =>
      app.call("/api-keys", {
        key: narrow.secret,
        body: { label: "x", type: "management", scopes },
      });
    expect((await make(["keys:read"])).status).toBe(201);
    for (const scopes of [["*"], ["plans:write"], ["keys:*"]]) {
      const answer = await make(scopes);
      expect(answer.status).toBe(403);
      expect(answer.body.error.code).toBe("insufficient_scope");
    }
    const withoutScopes = await app.call("/api-keys", {
      key: narrow.secret,
      body: { label: "x", type: "management" },
    });
    expect(withoutScopes.body.scopes).toEqual(["keys:write", "keys:read"]);
  });

  test("nor one that outlives it, may come from elsewhere, or has larger limits", async () => {
    const bounded = await app.newKey({
      type: "management",
      expires_in_seconds: 60,
      ip_allowlist: ["192.0.2.0/24"],
      limits: { requests_per_minute: 100 },
    });
    const { services, actor } = app;
    const self = {
      ...actor,
      type: "key" as const,
      id: bounded.id,
      instanceWide: false,
      expiresAtMs: Date.parse(bounded.expires_at ?? ""),
      addressRanges: [parseAddressRange("192.0.2.0/24") as AddressRange],
      limits: { requestsPerMinute: 100, requestsPerDay: null, concurrentRequests: null },
    };
    const fitting = {
      type: "management" as const,
      label: "x",
      expires_in_seconds: 30,
      ip_allowlist: ["192.0.2.7"],
      limits: { requests_per_minute: 100 },
    };
    const make = (change: object) =>
      createKey(services.keys, { input: { ...fitting, ...change }, actor: self });
    expect((await make({})).type).toBe("management");
    for (const change of [
      { expires_in_seconds: 61 },
      { expires_in_seconds: undefined },
      { ip_allowlist: null },
      { ip_allowlist: ["192.0.0.0/16"] },
      { limits: { requests_per_minute: 101 } },
      { limits: {} },
    ]) {
      expect(await make(change).catch((error: DomainError) => error.code)).toBe(
        "insufficient_scope",
      );
    }
    for (const input of [{ expires_at: null }, { ip_allowlist: null }]) {
      const change = updateKey(services.keys, { keyId: bounded.id, input, actor: self });
      expect(await change.catch((error: DomainError) => error.code)).toBe("insufficient_scope");
    }
  });
});
