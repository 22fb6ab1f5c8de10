import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { Webhook } from "standardwebhooks";
import { dayMs, hourMs, minuteMs, secondMs } from "../../src/core/clock.ts";
import { openFile } from "../../src/db/client.ts";
import { deleteOldEvents } from "../../src/db/maintenance.ts";
import { failingMs } from "../../src/webhooks/dispatcher.ts";
import { retryPausesMs } from "../../src/webhooks/retry-schedule.ts";
import { addOrganization } from "../support/people.ts";
import { startReceiver, until } from "../support/receiver.ts";
import { addTenant } from "../support/tenant.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { TestClock } from "../support/test-clock.ts";

let app: TestApp;
let clock: TestClock;
let organization: string;
let made = 0;
const receiver = startReceiver();

beforeAll(async () => {
  // The library that verifies goes by the real time.
  clock = new TestClock(new Date().toISOString());
  app = await startTestApp({ clock, flags: { webhookAllowedNetworks: "127.0.0.0/8" } });
});
afterAll(async () => {
  await app.stop();
  await receiver.stop();
});
beforeEach(async () => {
  organization = await addOrganization(app, `org-${++made}`);
  receiver.received.length = 0;
  receiver.status = 204;
  receiver.answer = undefined;
});

const headers = () => ({ "tollgate-organization": organization });
const manage = (path: string, init: object = {}) =>
  app.manage(path, { headers: headers(), ...init });
const at = (path = "") => `/organizations/${organization}/webhooks${path}`;
const url = (path = "") => receiver.url + path;

async function newWebhook(body: object = {}) {
  const { status, body: created } = await manage(at(), { body: { url: url(), ...body } });
  expect(status).toBe(201);
  return created;
}
const newKey = async (fields: object = {}) =>
  (await manage("/api-keys", { body: { label: "x", ...fields } })).body;
const deliveriesOf = async (id: string, query = "") =>
  (await manage(at(`/${id}/deliveries${query}`))).body.data;
const arrived = (count: number) =>
  until(() => receiver.received.length >= count, `${count} deliveries`);
/** The state of a delivery that is written, not only arrived. */
const written = async (id: string, state: string) => {
  await until(async () => (await deliveriesOf(id))[0]?.state === state, state);
  return (await deliveriesOf(id))[0];
};
const triedTimes = (id: string, attempts: number) =>
  until(async () => (await deliveriesOf(id))[0]?.attempts === attempts, `${attempts} tries`);

describe("a delivery", () => {
  test("is signed so that the library of Standard Webhooks verifies it", async () => {
    const { secret, id } = await newWebhook();
    const key = await newKey({ label: "of the test" });
    await arrived(1);
    const [got] = receiver.received;
    if (got === undefined) throw new Error("nothing arrived");
    const event = new Webhook(secret).verify(got.body, got.headers);
    expect(event).toEqual({
      type: "key.created",
      timestamp: new Date(clock.nowMs()).toISOString(),
      data: {
        organization_id: organization,
        key: {
          id: key.id,
          label: "of the test",
          type: "workspace",
          key_prefix: key.key_prefix,
          environment: "live",
          workspace_id: key.workspace_id,
          user_id: null,
          expires_at: null,
        },
        created_by: app.operatorId,
      },
    });
    const other = new Webhook(`whsec_${Buffer.alloc(32).toString("base64")}`);
    expect(() => other.verify(got.body, got.headers)).toThrow();
    const delivery = await written(id, "delivered");
    expect(delivery).toMatchObject({ attempts: 1, last_status: 204, next_attempt_at: null });
    expect(delivery.event.id).toBe(got.headers["webhook-id"]);
    expect(got.body).not.toContain(key.secret);
  });

  test("goes to the webhooks that want its type, and to the operator's", async () => {
    const other = await addOrganization(app, `other-${made}`);
    await newWebhook({ url: url("/all") });
    await newWebhook({ url: url("/revoked"), event_types: ["key.revoked"] });
    await newWebhook({ url: url("/off"), enabled: false });
    await app.manage(`/organizations/${other}/webhooks`, { body: { url: url("/foreign") } });
    const operators = await app.manage("/webhooks", { body: { url: url("/operator") } });
    expect(operators.status).toBe(201);
    const { id } = await newKey();
    await arrived(2);
    await manage(`/api-keys/${id}`, { method: "DELETE" });
    await arrived(5);
    const paths = receiver.received.map(({ path, body }) => [JSON.parse(body).type, path]);
    expect(paths.toSorted()).toEqual([
      ["key.created", "/hook/all"],
      ["key.created", "/hook/operator"],
      ["key.revoked", "/hook/all"],
      ["key.revoked", "/hook/operator"],
      ["key.revoked", "/hook/revoked"],
    ]);
    const ids = new Set(receiver.received.map((got) => got.headers["webhook-id"]));
    expect(ids.size).toBe(2);
    await app.manage(`/webhooks/${operators.body.id}`, { method: "DELETE" });
  });

  test("is signed with both secrets until the grace period of a rotation ends", async () => {
    const { id, secret: old } = await newWebhook();
    const body = { grace_period_seconds: 3_600 };
    const rotated = await manage(at(`/${id}/rotate-secret`), { body });
    expect(rotated.body.old_secret_expires_at).toBe(new Date(clock.nowMs() + hourMs).toISOString());
    await newKey();
    await arrived(1);
    const [first] = receiver.received;
    for (const secret of [old, rotated.body.secret]) {
      new Webhook(secret).verify(first?.body ?? "", first?.headers ?? {});
    }
    clock.advance(hourMs);
    await newKey();
    await arrived(2);
    const signature = receiver.received[1]?.headers["webhook-signature"] ?? "";
    expect([
      signature.split(" ").length,
      first?.headers["webhook-signature"]?.split(" ").length,
    ]).toEqual([1, 2]);
    clock.advance(-hourMs);
  });

  test("is tried again on the schedule, with the same webhook-id, until it is given up", async () => {
    const { id } = await newWebhook();
    receiver.status = 503;
    await newKey();
    await triedTimes(id, 1);
    for (const [index, pauseMs] of retryPausesMs.entries()) {
      const { next_attempt_at } = (await deliveriesOf(id))[0];
      const waitMs = Date.parse(next_attempt_at) - clock.nowMs();
      expect(waitMs).toBeGreaterThanOrEqual(pauseMs);
      expect(waitMs).toBeLessThanOrEqual(pauseMs * 1.2);
      clock.advance(pauseMs - 1);
      app.services.dispatcher.wake();
      clock.advance(waitMs - pauseMs + 1);
      app.services.dispatcher.wake();
      await triedTimes(id, index + 2);
    }
    const delivery = await written(id, "failed");
    expect(delivery).toMatchObject({
      attempts: 10,
      last_status: 503,
      last_error: "It answered 503.",
      next_attempt_at: null,
    });
    expect(new Set(receiver.received.map((got) => got.headers["webhook-id"])).size).toBe(1);
    expect(new Set(receiver.received.map(({ body }) => body)).size).toBe(1);
  });

  test("waits for Retry-After when that is later, and not beyond a day", async () => {
    const { id } = await newWebhook();
    const waits: number[] = [];
    for (const retryAfter of ["600", "99999999", "0", "soon"]) {
      const before = (await deliveriesOf(id)).length;
      receiver.answer = () =>
        new Response(null, { status: 429, headers: { "retry-after": retryAfter } });
      await newKey();
      await until(async () => {
        const all = await deliveriesOf(id);
        return all.length > before && all[0].attempts === 1;
      });
      const [{ next_attempt_at }] = await deliveriesOf(id);
      waits.push(Math.round((Date.parse(next_attempt_at) - clock.nowMs()) / secondMs));
      clock.advance(1);
    }
    expect(waits.slice(0, 2)).toEqual([600, 86_400]);
    for (const wait of waits.slice(2)) expect([5, 6]).toContain(wait);
  });

  test("is no success when it is redirected, and the redirect is not followed", async () => {
    const { id } = await newWebhook();
    receiver.answer = ({ path }) =>
      path === "/hook" ? Response.redirect(url("/elsewhere"), 302) : new Response("ok");
    await newKey();
    await triedTimes(id, 1);
    const [delivery] = await deliveriesOf(id);
    expect([delivery.state, delivery.last_status]).toEqual(["pending", 302]);
    expect(receiver.received.map(({ path }) => path)).toEqual(["/hook"]);
  });

  test("is replayed with the same webhook-id, and all its tries before it", async () => {
    const { id } = await newWebhook();
    await newKey();
    const delivery = await written(id, "delivered");
    const replayed = await manage(at(`/${id}/deliveries/${delivery.id}/replay`), {
      method: "POST",
    });
    expect([replayed.status, replayed.body.state, replayed.body.attempts]).toEqual([
      200,
      "pending",
      0,
    ]);
    await arrived(2);
    await triedTimes(id, 1);
    const [first, second] = receiver.received;
    expect(second?.headers["webhook-id"]).toBe(first?.headers["webhook-id"] ?? "");
    const { body } = await manage("/audit-log?action=webhook.delivery_replayed");
    expect(body.data[0].changes.after).toEqual({
      delivery_id: delivery.id,
      event_id: delivery.event.id,
    });
  });

  test("to a slow target does not keep the others waiting", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    receiver.answer = async ({ path }) => {
      if (path === "/hook/slow") await promise;
      return new Response("ok");
    };
    const { id: slow } = await newWebhook({ url: url("/slow") });
    await newWebhook({ url: url("/fast") });
    for (let i = 0; i < 20; i++) await newKey();
    const of = (name: string) => receiver.received.filter(({ path }) => path === name).length;
    await until(() => of("/hook/fast") === 20, "all of the fast one");
    expect(of("/hook/slow")).toBe(4);
    resolve();
    await until(() => of("/hook/slow") === 20, "all of the slow one");
    await until(async () => (await deliveriesOf(slow, "?state=pending")).length === 0);
    expect([of("/hook/slow"), of("/hook/fast")]).toEqual([20, 20]);
  });
});

test("an organization with many slow targets does not keep the others waiting", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  receiver.answer = async ({ path }) => {
    if (path === "/hook/slow") await promise;
    return new Response("ok");
  };
  for (let i = 0; i < 6; i++) await newWebhook({ url: url("/slow") });
  for (let i = 0; i < 4; i++) await newKey();
  const of = (name: string) => receiver.received.filter(({ path }) => path === name).length;
  await until(() => of("/hook/slow") === 16, "what one organization may have under way");
  organization = await addOrganization(app, `another-${made}`);
  await newWebhook({ url: url("/fast") });
  await newKey();
  await until(() => of("/hook/fast") === 1, "that of the other organization");
  expect(of("/hook/slow")).toBe(16);
  resolve();
  await until(() => of("/hook/slow") === 24, "all of the slow ones");
});

describe("a webhook", () => {
  test("is switched off by 410, with what waits for it, and says so in the audit log", async () => {
    const { id } = await newWebhook();
    receiver.status = 410;
    await newKey();
    await until(async () => !(await manage(at(`/${id}`))).body.enabled, "switched off");
    const { body } = await manage("/audit-log?action=webhook.disabled");
    expect(body.data[0]).toMatchObject({ actor: { type: "system" }, target: { id } });
    const [delivery] = await deliveriesOf(id);
    expect([delivery.state, delivery.last_status]).toEqual(["failed", 410]);
    const replay = await manage(at(`/${id}/deliveries/${delivery.id}/replay`), { method: "POST" });
    expect([replay.status, replay.body.error.code]).toEqual([409, "conflict"]);
  });

  test("at which nothing arrives for five days is switched off", async () => {
    const { id } = await newWebhook();
    receiver.status = 500;
    await newKey();
    await triedTimes(id, 1);
    const since = (await manage(at(`/${id}`))).body.failing_since;
    expect(since).not.toBeNull();
    clock.advance(failingMs);
    await newKey();
    await until(async () => {
      const all = await deliveriesOf(id);
      return all[0].attempts === 1 && all[1].attempts === 2;
    });
    expect((await manage(at(`/${id}`))).body.enabled).toBe(true);
    clock.advance(6 * minuteMs);
    app.services.dispatcher.wake();
    await until(async () => !(await manage(at(`/${id}`))).body.enabled, "switched off");
    const states = (await deliveriesOf(id)).map(({ state }: { state: string }) => state);
    expect(states).toEqual(["failed", "failed"]);
    const on = await manage(at(`/${id}`), { method: "PATCH", body: { enabled: true } });
    expect(on.body).toMatchObject({ enabled: true, failing_since: null });
  });

  test("that works again has a clean record", async () => {
    const { id } = await newWebhook();
    receiver.status = 500;
    await newKey();
    await triedTimes(id, 1);
    receiver.status = 200;
    clock.advance(minuteMs);
    app.services.dispatcher.wake();
    await written(id, "delivered");
    expect((await manage(at(`/${id}`))).body.failing_since).toBeNull();
  });

  test("shows its secret once, at creation and rotation, and it is nowhere in the file", async () => {
    const { id, secret } = await newWebhook();
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    const shown = [await manage(at()), await manage(at(`/${id}`)), await manage("/audit-log")];
    for (const { body } of shown) expect(JSON.stringify(body)).not.toContain("whsec_");
    const client = openFile(app.paths.database, 1_000);
    const { rows } = await client.execute("SELECT * FROM webhooks");
    client.close();
    expect(JSON.stringify(rows)).not.toContain(secret.slice(6));
  });

  test("has a URL that is not too long once it is encoded, so that every list can show it", async () => {
    const long = await manage(at(), { body: { url: `${url("/?")}${"<".repeat(700)}` } });
    expect([long.status, long.body.error.param]).toEqual([422, "url"]);
    expect((await manage(at())).status).toBe(200);
  });

  test("is made once for an Idempotency-Key", async () => {
    const headers = { "tollgate-organization": organization, "idempotency-key": `k-${made}` };
    const init = { headers, body: { url: url() } };
    const [first, second] = [await manage(at(), init), await manage(at(), init)];
    expect(second.body).toEqual(first.body);
    expect((await manage(at())).body.data.length).toBe(1);
  });

  test("is changed, listed in pages and deleted", async () => {
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) {
      ids.push((await newWebhook({ description: `number ${i}` })).id);
      clock.advance(1);
    }
    const first = (await manage(at("?limit=2"))).body;
    const rest = (await manage(at(`?limit=2&cursor=${first.next_cursor}`))).body;
    const listed = [...first.data, ...rest.data].map(({ id }: { id: string }) => id);
    expect([listed, rest.next_cursor]).toEqual([ids, null]);
    const body = { event_types: ["credits.low"], description: null };
    const changed = await manage(at(`/${ids[0]}`), { method: "PATCH", body });
    expect(changed.body).toMatchObject({ ...body, url: url() });
    expect((await manage(at(`/${ids[0]}`), { method: "DELETE" })).status).toBe(204);
    expect((await manage(at(`/${ids[0]}`))).status).toBe(404);
  });

  test("of another organization is not found, nor are its deliveries", async () => {
    const tenant = await addTenant(app, `tenant-${made}`);
    const { id } = await newWebhook();
    await newKey();
    const { id: delivery } = await written(id, "delivered");
    const base = `/organizations/${tenant.organization}/webhooks/${id}`;
    const calls: [string, string][] = [
      ["GET", base],
      ["DELETE", base],
      ["GET", `${base}/deliveries`],
      ["POST", `${base}/rotate-secret`],
      ["POST", `${base}/deliveries/${delivery}/replay`],
    ];
    for (const [method, path] of calls) {
      expect([path, (await tenant.people.owner.call(path, { method })).status]).toEqual([
        path,
        404,
      ]);
    }
    const instance = await app.manage(`/webhooks/${id}`);
    expect(instance.status).toBe(404);
    const mine = (await tenant.people.owner.call(at())).status;
    expect([mine, (await tenant.people.member.call(base)).status]).toEqual([404, 403]);
  });

  test("that is switched off is told nothing, and what waits is given up", async () => {
    const { id } = await newWebhook();
    receiver.status = 500;
    await newKey();
    await triedTimes(id, 1);
    await manage(at(`/${id}`), { method: "PATCH", body: { enabled: false } });
    const [delivery] = await deliveriesOf(id);
    expect([delivery.state, delivery.last_error]).toEqual([
      "failed",
      "The webhook was switched off.",
    ]);
    await newKey();
    expect((await deliveriesOf(id)).length).toBe(1);
  });
});

describe("an attempt under way", () => {
  test("when its webhook is switched off is not made again", async () => {
    const { promise, resolve } = Promise.withResolvers<Response>();
    receiver.answer = () => promise;
    const { id } = await newWebhook();
    await newKey();
    await arrived(1);
    await manage(at(`/${id}`), { method: "PATCH", body: { enabled: false } });
    resolve(new Response(null, { status: 500 }));
    await triedTimes(id, 1);
    expect(await written(id, "failed")).toMatchObject({ next_attempt_at: null, last_status: 500 });
  });

  test("whose outcome cannot be saved is not made again before it can", async () => {
    const { id } = await newWebhook();
    const client = openFile(app.paths.database, 1_000);
    receiver.answer = async () => {
      // Nothing is written from here on, until the trigger goes.
      await client.execute(
        "CREATE TRIGGER broken BEFORE UPDATE ON webhook_deliveries BEGIN SELECT RAISE(ABORT, 'broken'); END",
      );
      return new Response("ok");
    };
    await newKey();
    const complaints = () =>
      app.logged.filter((line) => line.includes("Outcomes of webhooks were not saved")).length;
    await until(() => complaints() >= 2, "a second try to save it");
    expect(receiver.received.length).toBe(1);
    await client.execute("DROP TRIGGER broken");
    client.close();
    await written(id, "delivered");
    expect(receiver.received.length).toBe(1);
  });
});

describe("events of keys", () => {
  test("tell of the end of a key once, however often and by whatever way it ends", async () => {
    await newWebhook({ event_types: ["key.revoked"] });
    const workspace = (await manage("/workspaces", { body: { slug: "second", name: "S" } })).body;
    const alone = await newKey({ label: "alone" });
    const batch = await newKey({ label: "batch" });
    await newKey({ label: "of the workspace", workspace_id: workspace.id });
    for (let i = 0; i < 2; i++)
      await manage(`/api-keys/${alone.id}?reason=leak`, { method: "DELETE" });
    await manage("/api-keys/revoke-batch", { body: { ids: [alone.id, batch.id] } });
    await manage(`/workspaces/${workspace.id}?confirm=second`, { method: "DELETE" });
    await arrived(3);
    const events = receiver.of("key.revoked", organization);
    expect(
      events.map(({ data }) => [data.key.label, data.reason, data.revoked_by]).toSorted(),
    ).toEqual([
      ["alone", "leak", app.operatorId],
      ["batch", null, app.operatorId],
      ["of the workspace", "The workspace was deleted.", app.operatorId],
    ]);
  });

  test("of an organization that is deleted go to the operator's webhooks", async () => {
    const operators = await app.manage("/webhooks", { body: { url: url("/operator") } });
    await newWebhook();
    await newKey();
    await arrived(2);
    const path = `/organizations/${organization}?confirm=org-${made}`;
    expect((await app.manage(path, { method: "DELETE" })).status).toBe(204);
    await arrived(3);
    const revoked = receiver.received.filter(({ body }) => body.includes("key.revoked"));
    expect(revoked.map(({ path: to }) => to)).toEqual(["/hook/operator"]);
    await app.manage(`/webhooks/${operators.body.id}`, { method: "DELETE" });
  });

  test("tell of a key that ends within a week, once for each end", async () => {
    await newWebhook({ event_types: ["key.expiring"] });
    const expires_at = new Date(clock.nowMs() + 10 * dayMs).toISOString();
    const key = await newKey({ label: "soon", expires_at });
    const look = () => app.services.expiryWatch.look();
    await look();
    clock.advance(4 * dayMs);
    await look();
    await look();
    await arrived(1);
    expect(receiver.of("key.expiring")[0].data.key).toMatchObject({ id: key.id, expires_at });
    const later = new Date(clock.nowMs() + 5 * dayMs).toISOString();
    await manage(`/api-keys/${key.id}`, { method: "PATCH", body: { expires_at: later } });
    await look();
    await arrived(2);
    clock.advance(7 * dayMs);
    await look();
    expect(receiver.received.length).toBe(2);
  });
});

describe("what is kept", () => {
  test("old events go with their deliveries, but none that waits", async () => {
    const { id } = await newWebhook();
    receiver.status = 500;
    await newKey();
    await triedTimes(id, 1);
    receiver.status = 204;
    await newKey();
    await until(async () => (await deliveriesOf(id)).length === 2);
    await until(async () => (await deliveriesOf(id, "?state=delivered")).length === 1);
    await deleteOldEvents(app.services.db, clock.nowMs() + dayMs);
    const left = await deliveriesOf(id);
    expect(left.map(({ state }: { state: string }) => state)).toEqual(["pending"]);
  });

  test("figures count the tries by what came of them, and what waits", async () => {
    const { id } = await newWebhook();
    receiver.status = 500;
    await newKey();
    await triedTimes(id, 1);
    const { body } = await app.manage("/metrics");
    expect(body).toMatch(/tollgate_webhook_delivered_total [1-9]/);
    expect(body).toMatch(/tollgate_webhook_failed_total [1-9]/);
    expect(body).toMatch(/tollgate_webhook_deliveries_pending [1-9]/);
  });
});
