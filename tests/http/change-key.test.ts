import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { TestClock } from "../support/test-clock.ts";

let app: TestApp;
const clock = new TestClock();
beforeAll(async () => {
  app = await startTestApp({ clock, flags: { anonymousPerMinute: "100000" } });
});
afterAll(() => app.stop());

const patch = (id: string, body: unknown) =>
  app.manage(`/api-keys/${id}`, { method: "PATCH", body });
const statusOf = async (secret: string) => (await app.call("/key", { key: secret })).status;

describe("PATCH /api-keys/{id}", () => {
  test("changes what is given, leaves the rest, and null clears", async () => {
    const key = await app.newKey({ description: "old", plan: "pro", metadata: { a: 1 } });
    const changed = await patch(key.id, { label: "new", description: null, plan: null });
    expect(changed.status).toBe(200);
    expect(changed.body).toMatchObject({
      label: "new",
      description: null,
      plan: null,
      metadata: { a: 1 },
      scopes: ["*"],
    });
  });

  test("a disabled key gets 401 with the next request and works again when enabled", async () => {
    const key = await app.newKey();
    expect(await statusOf(key.secret)).toBe(200);
    await patch(key.id, { enabled: false });
    expect(await statusOf(key.secret)).toBe(401);
    await patch(key.id, { enabled: true });
    expect(await statusOf(key.secret)).toBe(200);
  });

  test("new limits hold for the next request and the count goes on", async () => {
    const key = await app.newKey({ limits: { requests_per_minute: 10 } });
    for (let i = 0; i < 4; i++) await app.call("/key", { key: key.secret });
    await patch(key.id, { limits: { requests_per_minute: 5 } });
    const fifth = await app.call("/key", { key: key.secret });
    expect(fifth.headers.get("x-ratelimit-remaining")).toBe("0");
    expect(await statusOf(key.secret)).toBe(429);
  });

  test("422 for an empty change and for unknown fields, 404 for a missing key", async () => {
    const key = await app.newKey();
    expect((await patch(key.id, {})).status).toBe(422);
    expect((await patch(key.id, { type: "management" })).status).toBe(422);
    expect((await patch(key.id, { secret: "x" })).status).toBe(422);
    expect((await patch("key_0", { label: "x" })).status).toBe(404);
  });

  test("a management key cannot be edited by one that is narrower, nor made wider", async () => {
    const wide = await app.newKey({ type: "management" });
    const narrow = await app.newKey({ type: "management", scopes: ["keys:read", "keys:write"] });
    const by = (id: string, method: string, body?: unknown) =>
      app.call(`/api-keys/${id}`, { key: narrow.secret, method, body });
    expect((await by(wide.id, "PATCH", { label: "x" })).status).toBe(403);
    expect((await by(wide.id, "DELETE")).status).toBe(403);
    expect((await by(narrow.id, "PATCH", { scopes: ["*"] })).status).toBe(403);
    const rotate = await app.call(`/api-keys/${wide.id}/rotate`, { key: narrow.secret, body: {} });
    expect(rotate.status).toBe(403);
  });
});

describe("DELETE /api-keys/{id}", () => {
  test("the next request gets 401, the key stays listed, the first record stays", async () => {
    const key = await app.newKey();
    expect(await statusOf(key.secret)).toBe(200);
    const revoked = await app.manage(`/api-keys/${key.id}?reason=leaked`, { method: "DELETE" });
    expect(revoked.status).toBe(200);
    expect(revoked.body).toMatchObject({
      status: "revoked",
      revoked_by: app.operatorId,
      revoke_reason: "leaked",
    });
    expect(await statusOf(key.secret)).toBe(401);
    clock.advance(1_000);
    const again = await app.manage(`/api-keys/${key.id}?reason=other`, { method: "DELETE" });
    expect(again.body).toEqual(revoked.body);
    expect((await patch(key.id, { label: "x" })).body.error.code).toBe("key_revoked");
    const rotate = await app.manage(`/api-keys/${key.id}/rotate`, { body: {} });
    expect(rotate.status).toBe(409);
  });

  test("no verify that begins after the revoke returned is valid, whatever races it", async () => {
    for (let round = 0; round < 20; round++) {
      const key = await app.newKey({ plan: "unlimited" });
      const isWarm = round % 2 === 0;
      if (isWarm) await app.call("/key", { key: key.secret });
      let isRevoked = false;
      const callers = Array.from({ length: 16 }, async () => {
        for (let i = 0; i < 30; i++) {
          const beganAfter = isRevoked;
          const status = await statusOf(key.secret);
          if (beganAfter) expect(status).toBe(401);
          await new Promise(setImmediate);
        }
      });
      await app.manage(`/api-keys/${key.id}`, { method: "DELETE" });
      isRevoked = true;
      await Promise.all(callers);
      expect(await statusOf(key.secret)).toBe(401);
    }
  });
});

describe("POST /api-keys/{id}/rotate", () => {
  const rotate = (id: string, body?: unknown) =>
    app.manage(`/api-keys/${id}/rotate`, { method: "POST", body });

  test("gives a new secret, ends the old one at once, keeps id and counters", async () => {
    const key = await app.newKey();
    await app.call("/key", { key: key.secret });
    const rotated = await rotate(key.id);
    expect(rotated.status).toBe(200);
    expect(rotated.body.id).toBe(key.id);
    expect(rotated.body.secret).not.toBe(key.secret);
    expect(await statusOf(key.secret)).toBe(401);
    const presented = await app.call("/key", { key: rotated.body.secret });
    expect(presented.body.requests_total).toBe(2);
    expect(presented.headers.get("x-ratelimit-remaining")).toBe("58");
  });

  test("in the grace period both secrets work on one count, and the old one's last use shows", async () => {
    const key = await app.newKey({ limits: { requests_per_minute: 3 } });
    const rotated = await rotate(key.id, { grace_period_seconds: 3_600 });
    expect(rotated.body.previous_secret).toMatchObject({
      key_prefix: key.key_prefix,
      last_used_at: null,
    });
    expect(await statusOf(key.secret)).toBe(200);
    expect(await statusOf(rotated.body.secret)).toBe(200);
    expect(await statusOf(key.secret)).toBe(200);
    expect(await statusOf(rotated.body.secret)).toBe(429);
    await app.services.writeBehind.save();
    const shown = (await app.manage(`/api-keys/${key.id}`)).body;
    expect(shown.previous_secret.last_used_at).toBe(new Date(clock.nowMs()).toISOString());
    clock.advance(3_600_000);
    expect(await statusOf(key.secret)).toBe(401);
    expect(await statusOf(rotated.body.secret)).toBe(200);
  });

  test("a second rotation without grace ends every older secret", async () => {
    const key = await app.newKey();
    const second = await rotate(key.id, { grace_period_seconds: 3_600 });
    const third = await rotate(key.id, { grace_period_seconds: 0 });
    expect(await statusOf(key.secret)).toBe(401);
    expect(await statusOf(second.body.secret)).toBe(401);
    expect(await statusOf(third.body.secret)).toBe(200);
  });

  test("422 for a grace period over 30 days, 404 for a missing key", async () => {
    const key = await app.newKey();
    expect((await rotate(key.id, { grace_period_seconds: 30 * 86_400 + 1 })).status).toBe(422);
    expect((await rotate("key_0", {})).status).toBe(404);
  });
});
