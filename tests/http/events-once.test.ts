import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { dayMs, minuteMs } from "../../src/core/clock.ts";
import { deleteOldEvents, scheduleMaintenance } from "../../src/db/maintenance.ts";
import { insertEvents } from "../../src/webhooks/event-store.ts";
import { addOrganization } from "../support/people.ts";
import { startReceiver, until } from "../support/receiver.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { TestClock } from "../support/test-clock.ts";

/** The shortest that events can be kept. */
const keptMs = 8 * dayMs;

let app: TestApp;
let clock: TestClock;
let organization: string;
let receiver: ReturnType<typeof startReceiver>;

beforeEach(async () => {
  clock = new TestClock("2026-10-01T00:00:00.000Z");
  app = await startTestApp({ clock, flags: { webhookAllowedNetworks: "127.0.0.1" } });
  receiver = startReceiver();
  organization = await addOrganization(app, "acme");
});
afterEach(async () => {
  await app.stop();
  await receiver.stop();
});

const manage = (path: string, init: object = {}) =>
  app.manage(path, { headers: { "tollgate-organization": organization }, ...init });
const at = (path: string) => `/organizations/${organization}${path}`;
const grant = (amount: number) => manage(at("/credits"), { body: { kind: "grant", amount } });
const recharges = async () => (await manage(at("/recharges"))).body.data;
const newKey = async (fields: object = {}) =>
  (await manage("/api-keys", { body: { label: "x", ...fields } })).body;
const spend = async (key: { secret: string }, cost: number) =>
  (await manage("/v1/keys/verify", { body: { key: key.secret, cost } })).body.code;
const newWebhook = async (fields: object = {}) =>
  (await manage(at("/webhooks"), { body: { url: receiver.url, ...fields } })).body;
const arrived = (type: string, count: number) =>
  until(() => receiver.of(type).length === count, `${count} of ${type}`);

/** The restarted server knows only what is in the file. */
async function restart(): Promise<void> {
  await app.stop({ keepFolder: true });
  const flags = { webhookAllowedNetworks: "127.0.0.1" };
  app = await startTestApp({ clock, folder: app.folder, flags });
}

/** What has been told is over, and its events with it. */
async function outliveEvents(): Promise<void> {
  const isDelivered = async () => (await app.manage("/metrics")).body.includes("_pending 0");
  await until(isDelivered, "all outcomes");
  clock.advance(keptMs + dayMs);
  await deleteOldEvents(app.services.db, clock.nowMs() - keptMs);
}

const storedEvents = (type: string) =>
  app.services.db.read.all<{ payload: string; deliveries: number }>(`
    SELECT payload, (SELECT count(*) FROM webhook_deliveries WHERE event_id = event.id) AS deliveries
    FROM webhook_events AS event WHERE type = '${type}'`);

describe("what happens once", () => {
  test("a declined recharge is not asked for again in its month when its event is gone", async () => {
    await grant(50);
    const rule = { below: 20, add: 10, monthly_max: 100 };
    await manage(at("/recharge-rule"), { method: "PUT", body: rule });
    const key = await newKey();
    await spend(key, 40);
    const [asked] = await recharges();
    await manage(at(`/recharges/${asked.id}/decline`), { method: "POST" });
    await outliveEvents();
    await restart();
    await spend(key, 1);
    expect((await recharges()).length).toBe(1);
    clock.advance(30 * dayMs);
    await spend(key, 1);
    expect((await recharges()).length).toBe(2);
  });

  test("a limit that is never reset, and credits that ran out, are not told of again", async () => {
    await newWebhook();
    await grant(5);
    const key = await newKey({ spend_limit: 1 });
    const other = await newKey();
    await spend(key, 2);
    await spend(other, 5);
    await spend(other, 1);
    await arrived("key.limit_reached", 1);
    await arrived("credits.exhausted", 1);
    await outliveEvents();
    await outliveEvents();
    for (const type of ["key.limit_reached", "credits.exhausted"]) {
      expect(await storedEvents(type)).toEqual([{ payload: "{}", deliveries: 0 }]);
    }
    expect(await storedEvents("key.created")).toEqual([]);
    await restart();
    await grant(5);
    await spend(key, 2);
    await spend(other, 5);
    await spend(other, 1);
    await arrived("credits.exhausted", 2);
    expect((await storedEvents("key.limit_reached")).length).toBe(1);
    expect(receiver.of("key.limit_reached").length).toBe(1);
    await outliveEvents();
    // Of the same organization only the last.
    expect((await storedEvents("credits.exhausted")).length).toBe(1);
  });

  test("a month's limit is not told of twice, and the next month's is", async () => {
    await newWebhook();
    await grant(50);
    const key = await newKey({ spend_limit: 1, spend_limit_reset: "monthly" });
    await spend(key, 2);
    await arrived("key.limit_reached", 1);
    await outliveEvents();
    await restart();
    await spend(key, 2);
    expect(await storedEvents("key.limit_reached")).toEqual([{ payload: "{}", deliveries: 0 }]);
    clock.advance(30 * dayMs);
    await spend(key, 2);
    await arrived("key.limit_reached", 2);
  });

  test("retention goes on behind what it keeps, and tidies soon after a start", async () => {
    const { db, log } = app.services;
    const event = (id: string, onceName: string | null) => ({
      id,
      organizationId: organization,
      type: onceName === null ? ("key.created" as const) : ("credits.low" as const),
      data: { id },
      onceName,
      createdAtMs: 1,
    });
    const numbers = Array.from({ length: 1_100 }, (_, n) => n);
    const [first, ...rest] = insertEvents(db, [
      ...numbers.map((n) => event(`evt_a${n}`, `credits.low org_${n} 1`)),
      ...numbers.map((n) => event(`evt_b${n}`, null)),
    ]);
    if (first === undefined) throw new Error("Nothing to write.");
    await db.write.batch([first, ...rest]);
    const options = { nowMs: clock.nowMs, eventsKeptMs: keptMs, log, firstAfterMs: 1 };
    const runs = scheduleMaintenance(db, options);
    await until(async () => (await storedEvents("key.created")).length === 0, "the first run");
    await runs.stop();
    const kept = await storedEvents("credits.low");
    expect([kept.length, new Set(kept.map(({ payload }) => payload))]).toEqual([
      1_100,
      new Set(["{}"]),
    ]);
  });
});

describe("who begins to listen", () => {
  const types = { event_types: ["key.limit_reached"] };

  test("is told of a reached limit though it refused before, by a new webhook and a changed one", async () => {
    await grant(50);
    const key = await newKey({ spend_limit: 1, spend_limit_reset: "monthly" });
    expect(await spend(key, 2)).toBe("SPEND_LIMIT_REACHED");
    const deaf = await newWebhook({ event_types: ["key.revoked"] });
    expect(await spend(key, 2)).toBe("SPEND_LIMIT_REACHED");
    await manage(at(`/webhooks/${deaf.id}`), { method: "PATCH", body: types });
    await spend(key, 2);
    await arrived("key.limit_reached", 1);
    const second = await newKey({ spend_limit: 1 });
    await manage(at(`/webhooks/${deaf.id}`), { method: "PATCH", body: { enabled: false } });
    await spend(second, 2);
    await newWebhook(types);
    await spend(second, 2);
    await spend(second, 2);
    await arrived("key.limit_reached", 2);
  });

  test("a refused call costs no commit while nobody does", async () => {
    await grant(50);
    const key = await newKey({ spend_limit: 1 });
    await spend(key, 2);
    const { commits } = app.services.ledger;
    for (let i = 0; i < 5; i++) await spend(key, 2);
    expect(app.services.ledger.commits).toBe(commits);
  });
});

describe("credits.low and credits.exhausted", () => {
  const setThreshold = (low_balance_threshold: number) =>
    manage(at("/credits"), { method: "PATCH", body: { low_balance_threshold } });

  test("a threshold raised above what is left is told of once, until credits are added", async () => {
    await newWebhook();
    await grant(50);
    await setThreshold(50);
    expect(await storedEvents("credits.low")).toEqual([]);
    await setThreshold(60);
    await arrived("credits.low", 1);
    expect(receiver.of("credits.low")[0].data).toEqual({
      organization_id: organization,
      available: 50,
      low_balance_threshold: 60,
    });
    await setThreshold(10);
    await setThreshold(70);
    expect((await storedEvents("credits.low")).length).toBe(1);
    await grant(30);
    await setThreshold(90);
    await arrived("credits.low", 2);
  });

  test("a refused hold of more than anybody has is no end of credits", async () => {
    await newWebhook();
    await grant(50);
    const key = await newKey();
    const hold = (max_cost: number) => manage("/v1/holds", { body: { key: key.secret, max_cost } });
    await hold(1_000);
    expect(await storedEvents("credits.exhausted")).toEqual([]);
    await spend(key, 41);
    await hold(10);
    await arrived("credits.exhausted", 1);
    expect(receiver.of("credits.exhausted")[0].data).toMatchObject({ available: 9, asked: 10 });
  });
});

test("imported keys are told of with who brought them in, once, and a dry run is not", async () => {
  await newWebhook();
  const secret = () => `sk-${randomBytes(24).toString("base64url")}`;
  const keys = [
    {
      label: "a",
      secret: secret(),

      scopes: ["x:y"],
      limits: { requests_per_day: 5 },
    },
    { label: "b", secret: secret() },
    { label: "refused", secret: "short" },
  ];
  await manage("/api-keys/import", { body: { keys, dry_run: true } });
  expect((await manage("/api-keys/import", { body: { keys } })).body).toMatchObject({
    imported: 2,
    refused: 1,
  });
  await manage("/api-keys/import", { body: { keys } });
  await arrived("key.created", 2);
  const told = receiver.of("key.created").map(({ data }) => data);
  expect(told.map(({ key }) => key.label).toSorted()).toEqual(["a", "b"]);
  const shown = (await manage("/api-keys?limit=100")).body.data;
  const a = shown.find(({ label }: { label: string }) => label === "a");
  expect(a).toMatchObject({ scopes: ["x:y"], enabled: true });
  expect(a.created_by).toMatch(/^key_/);
  expect(told.map(({ created_by }) => created_by)).toEqual([a.created_by, a.created_by]);
  expect((await storedEvents("key.created")).length).toBe(2);
});

test("a webhook that works again is not switched off by an event that it cannot take", async () => {
  const webhook = await newWebhook();
  const deliveries = async () => (await manage(at(`/webhooks/${webhook.id}/deliveries`))).body.data;
  const labelOf = (event: { data: { key: { label: string } } }) => event.data.key.label;
  const triedTimes = (count: number) =>
    until(async () =>
      (await deliveries()).every(({ attempts }: { attempts: number }) => attempts === count),
    );
  receiver.status = 500;
  for (const label of ["poison", "b", "c", "d"]) await newKey({ label });
  await triedTimes(1);
  clock.advance(minuteMs);
  app.services.dispatcher.wake();
  await triedTimes(2);
  clock.advance(5 * dayMs + minuteMs);
  const othersArrived = async () =>
    (await deliveries()).filter(({ state }: { state: string }) => state === "delivered").length ===
    3;
  receiver.answer = async ({ body }) => {
    if (labelOf(JSON.parse(body)) !== "poison") return new Response(null, { status: 204 });
    await until(othersArrived, "the others' arrival");
    return new Response(null, { status: 500 });
  };
  app.services.dispatcher.wake();
  await until(async () => {
    const poison = (await deliveries()).find(
      ({ event }: { event: { data: { key: { label: string } } } }) => labelOf(event) === "poison",
    );
    return poison.attempts === 3;
  }, "the third try");
  // A change goes through the same queue as switching off, behind it.
  const body = { description: "still there" };
  const path = at(`/webhooks/${webhook.id}`);
  const { body: now } = await manage(path, { method: "PATCH", body });
  expect(now).toMatchObject({ enabled: true, description: "still there" });
  const log = (await manage("/audit-log")).body.data;
  expect(log.map(({ action }: { action: string }) => action)).not.toContain("webhook.disabled");
});
