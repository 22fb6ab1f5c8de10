import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { TestClock } from "../support/test-clock.ts";

let app: TestApp;
const clock = new TestClock();
beforeAll(async () => {
  app = await startTestApp({ clock });
});
afterAll(() => app.stop());

const verify = (body: unknown) => app.manage("/v1/keys/verify", { body });

describe("POST /v1/keys/verify", () => {
  test("a valid key comes with its public fields and the state of its limits", async () => {
    const { secret, ...key } = await app.newKey({ label: "customer", metadata: { team: "a" } });
    const { status, body } = await verify({ key: secret });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      valid: true,
      code: "VALID",
      missing_scope: null,
      retry_after: null,
    });
    expect(body.key).toMatchObject({
      id: key.id,
      label: "customer",
      status: "active",
      metadata: { team: "a" },
      requests_total: 1,
      rate_limits: { requests_per_minute: { limit: 60, remaining: 59 } },
    });
    expect(JSON.stringify(body)).not.toContain(secret);
  });

  test("the code says why not, and no refusal uses anything up", async () => {
    const key = await app.newKey({
      scopes: ["discover"],
      limits: { requests_per_minute: 2 },
      ip_allowlist: ["192.0.2.0/24"],
      allowed_models: ["gpt-*"],
      allowed_providers: ["openai"],
    });
    const ip = "192.0.2.7";
    const ask = async (more: object) => (await verify({ key: key.secret, ip, ...more })).body;
    expect((await ask({ scopes: ["execute"] })).code).toBe("INSUFFICIENT_SCOPE");
    expect((await ask({ scopes: ["discover", "execute"] })).missing_scope).toBe("execute");
    expect((await ask({ ip: "198.51.100.1" })).code).toBe("IP_NOT_ALLOWED");
    expect((await ask({ ip: undefined })).code).toBe("IP_NOT_ALLOWED");
    expect((await ask({ ip: undefined })).message).toContain("pass the end user's address");
    expect((await ask({ model: "claude-4" })).code).toBe("MODEL_NOT_ALLOWED");
    expect((await ask({ provider: "other" })).code).toBe("PROVIDER_NOT_ALLOWED");
    expect((await ask({ consume: false })).code).toBe("VALID");
    expect((await ask({})).key.rate_limits.requests_per_minute.remaining).toBe(1);
    expect((await ask({})).key.rate_limits.requests_per_minute.remaining).toBe(0);
    const limited = await ask({});
    expect(limited).toMatchObject({ valid: false, code: "RATE_LIMITED", retry_after: 60 });
    expect(limited.key.requests_total).toBe(2);
  });

  test("the owner is told what happened to a key", async () => {
    const revoked = await app.newKey();
    await app.manage(`/api-keys/${revoked.id}`, { method: "DELETE" });
    expect((await verify({ key: revoked.secret })).body).toMatchObject({
      code: "REVOKED",
      valid: false,
    });
    const disabled = await app.newKey();
    await app.manage(`/api-keys/${disabled.id}`, { method: "PATCH", body: { enabled: false } });
    expect((await verify({ key: disabled.secret })).body.code).toBe("DISABLED");
    const expired = await app.newKey({ expires_in_seconds: 1 });
    clock.advance(1_000);
    expect((await verify({ key: expired.secret })).body.code).toBe("EXPIRED");
    expect((await verify({ key: "sk_live_junk" })).body).toMatchObject({
      code: "NOT_FOUND",
      key: null,
    });
    expect((await verify({ key: app.operator })).body.code).toBe("WRONG_KEY_TYPE");
  });

  test("422 for unknown fields and missing keys, 403 without the scope or with another type", async () => {
    expect((await verify({})).status).toBe(422);
    expect((await verify({ key: "x", ip: "nonsense" })).body.error.param).toBe("ip");
    expect((await verify({ key: "x", coast: 1 })).body.error.param).toBe("coast");
    const reader = await app.newKey({ type: "management", scopes: ["keys:read"] });
    const body = { key: "x" };
    const byReader = await app.call("/v1/keys/verify", { key: reader.secret, body });
    expect(byReader.body.error.message).toContain("verify");
    expect(byReader.status).toBe(403);
    const workspace = await app.newKey();
    expect((await app.call("/v1/keys/verify", { key: workspace.secret, body })).status).toBe(403);
    expect((await app.call("/v1/keys/verify", { body })).status).toBe(401);
  });
});

describe("POST /v1/keys/verify-batch", () => {
  test("gives one verdict a key, in their order, and counts each", async () => {
    const key = await app.newKey({ limits: { requests_per_minute: 3 } });
    const keys = [{ key: "junk" }, ...Array.from({ length: 5 }, () => ({ key: key.secret }))];
    const { body } = await app.manage("/v1/keys/verify-batch", { body: { keys } });
    const codes = body.data.map(({ code }: { code: string }) => code);
    expect(codes[0]).toBe("NOT_FOUND");
    expect(codes.filter((code: string) => code === "VALID")).toHaveLength(3);
    expect(codes.filter((code: string) => code === "RATE_LIMITED")).toHaveLength(2);
  });

  test("422 for none and for more than 100", async () => {
    const ask = (count: number) =>
      app.manage("/v1/keys/verify-batch", {
        body: { keys: Array.from({ length: count }, () => ({ key: "x" })) },
      });
    expect((await ask(0)).status).toBe(422);
    expect((await ask(100)).status).toBe(200);
    expect((await ask(101)).status).toBe(422);
  });
});
