import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { hourMs } from "../../src/core/clock.ts";
import type { KeyWithSecret } from "../../src/keys/key-schemas.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { TestClock } from "../support/test-clock.ts";

let app: TestApp;
let clock: TestClock;
let key: KeyWithSecret;

beforeAll(async () => {
  clock = new TestClock();
  app = await startTestApp({ clock, flags: { anonymousPerMinute: "100000" } });
});
afterAll(() => app.stop());
beforeEach(async () => {
  key = await app.newKey({ limits: { requests_per_minute: 1_000, requests_per_day: 100_000 } });
});

const register = async (secret = key.secret, name = "worker") =>
  app.call("/v1/runtimes", { key: secret, body: { name } });
const statusOf = async (secret: string) => (await app.call("/key", { key: secret })).status;
const beat = (id: string, secret: string) =>
  app.call(`/v1/runtimes/${id}/heartbeat`, { key: secret, method: "POST" });

describe("runtimes", () => {
  test("a registration gives a secret for 24 hours that does what the key does", async () => {
    const { status, body } = await register();
    expect([status, body.status]).toEqual([201, "alive"]);
    expect(body.secret).toStartWith("rtk_");
    expect(Date.parse(body.expires_at) - Date.parse(body.created_at)).toBe(24 * hourMs);
    const presented = (await app.call("/key", { key: body.secret })).body;
    expect(presented).toMatchObject({ id: key.id, type: "runtime", runtime_id: body.id });
    expect((await app.call("/key", { key: key.secret })).body.runtime_id).toBeNull();
  });

  test("it shares the limits of its key: many runtimes have no more than one", async () => {
    const narrow = await app.newKey({ limits: { requests_per_minute: 5 } });
    const secrets = [narrow.secret];
    for (const name of ["a", "b"]) secrets.push((await register(narrow.secret, name)).body.secret);
    const statuses: number[] = [];
    for (let i = 0; i < 6; i++) statuses.push(await statusOf(secrets[i % 3] as string));
    expect(statuses.filter((status) => status === 200)).toHaveLength(3);
  });

  test("a heartbeat gives another 24 hours, silence ends it", async () => {
    const { body } = await register();
    clock.advance(23 * hourMs);
    const beaten = await beat(body.id, body.secret);
    expect(Date.parse(beaten.body.expires_at)).toBe(clock.nowMs() + 24 * hourMs);
    clock.advance(23 * hourMs);
    expect(await statusOf(body.secret)).toBe(200);
    clock.advance(hourMs);
    expect(await statusOf(body.secret)).toBe(401);
    expect((await beat(body.id, body.secret)).status).toBe(401);
    expect((await app.manage(`/runtimes/${body.id}`)).body.status).toBe("silent");
  });

  test("nobody beats for another runtime, and a key does not beat at all", async () => {
    const one = (await register()).body;
    const other = (await register()).body;
    expect((await beat(one.id, other.secret)).status).toBe(404);
    expect((await beat(one.id, key.secret)).status).toBe(404);
  });

  test("it ends by itself, by its key or by a person, and its secret at once", async () => {
    const [self, byKey, byPerson] = [
      (await register()).body,
      (await register()).body,
      (await register()).body,
    ];
    const own = await app.call(`/v1/runtimes/${self.id}`, { key: self.secret, method: "DELETE" });
    expect([own.status, own.body.status]).toEqual([200, "ended"]);
    await app.call(`/v1/runtimes/${byKey.id}`, { key: key.secret, method: "DELETE" });
    await app.manage(`/runtimes/${byPerson.id}`, { method: "DELETE" });
    for (const { secret } of [self, byKey, byPerson]) expect(await statusOf(secret)).toBe(401);
    expect(await statusOf(key.secret)).toBe(200);
  });

  test("no runtime ends another one, and no key those of another key", async () => {
    const [one, two] = [(await register()).body, (await register()).body];
    const stranger = await app.newKey();
    for (const secret of [two.secret, stranger.secret]) {
      const answer = await app.call(`/v1/runtimes/${one.id}`, { key: secret, method: "DELETE" });
      expect(answer.status).toBe(404);
    }
    expect(await statusOf(one.secret)).toBe(200);
  });

  test("it ends with its key, whatever ends that, and is listed so", async () => {
    const { body } = await register();
    await app.manage(`/api-keys/${key.id}`, { method: "DELETE" });
    expect(await statusOf(body.secret)).toBe(401);
    const listed = await app.manage(`/runtimes?key_id=${key.id}&status=ended`);
    expect(listed.body.data.map(({ id }: { id: string }) => id)).toEqual([body.id]);
  });

  test("it is disabled and narrowed with its key", async () => {
    const { body } = await register();
    const change = (fields: object) =>
      app.manage(`/api-keys/${key.id}`, { method: "PATCH", body: fields });
    await change({ scopes: ["discover"] });
    const asked = await app.call("/key?scope=execute", { key: body.secret });
    expect(asked.body.error.code).toBe("insufficient_scope");
    await change({ enabled: false });
    expect(await statusOf(body.secret)).toBe(401);
  });

  test("a rotation with grace leaves runtimes alone, one without ends them", async () => {
    const { body } = await register();
    const rotate = (seconds: number) =>
      app.manage(`/api-keys/${key.id}/rotate`, { body: { grace_period_seconds: seconds } });
    await rotate(60);
    clock.advance(hourMs);
    expect(await statusOf(body.secret)).toBe(200);
    const shown = await app.manage(`/api-keys/${key.id}`);
    expect(shown.body.previous_secret.key_prefix).toBe(key.key_prefix);
    await rotate(0);
    expect(await statusOf(body.secret)).toBe(401);
    expect((await app.manage(`/runtimes/${body.id}`)).body.status).toBe("ended");
  });

  test("a runtime lives no longer than its key", async () => {
    const short = await app.newKey({ expires_in_seconds: 3_600 });
    const { body } = await register(short.secret);
    expect(body.expires_at).toBe(short.expires_at);
  });

  test("a runtime registers no other, and a management key none", async () => {
    const { body } = await register();
    expect((await register(body.secret)).status).toBe(403);
    expect((await register(app.operator)).status).toBe(403);
  });

  test("the same Idempotency-Key registers once", async () => {
    const send = () =>
      app.call("/v1/runtimes", {
        key: key.secret,
        body: { name: "once" },
        headers: { "idempotency-key": "boot 1" },
      });
    const [first, again] = [await send(), await send()];
    expect(again.body).toEqual(first.body);
    expect((await app.manage(`/runtimes?key_id=${key.id}`)).body.data).toHaveLength(1);
  });

  test("the audit log has both ends of it, by the key", async () => {
    const { body } = await register();
    await app.call(`/v1/runtimes/${body.id}`, { key: body.secret, method: "DELETE" });
    const { data } = (await app.manage(`/audit-log?target=${body.id}`)).body;
    expect(data.map(({ action }: { action: string }) => action)).toEqual([
      "runtime.ended",
      "runtime.registered",
    ]);
    expect(data[0].actor).toEqual({ type: "key", id: key.id, user_id: null });
    expect(JSON.stringify(data)).not.toContain("rtk_");
  });
});
