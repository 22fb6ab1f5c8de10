import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { dayMs, hourMs } from "../../src/core/clock.ts";
import type { KeyWithSecret } from "../../src/keys/key-schemas.ts";
import type { CreateKey } from "../../src/keys/write-schemas.ts";
import { addOrganization, addPerson } from "../support/people.ts";
import { startReceiver, until } from "../support/receiver.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { TestClock } from "../support/test-clock.ts";

let app: TestApp;
let clock: TestClock;
let organization: string;
let webhook: string;
let made = 0;
const receiver = startReceiver();

beforeAll(async () => {
  clock = new TestClock();
  app = await startTestApp({ clock, flags: { webhookAllowedNetworks: "127.0.0.1" } });
});
afterAll(async () => {
  await app.stop();
  await receiver.stop();
});
beforeEach(async () => {
  organization = await addOrganization(app, `org-${++made}`);
  const created = await manage(at("/webhooks"), { body: { url: receiver.url } });
  webhook = created.body.id;
});

const manage = (path: string, init: object = {}) =>
  app.manage(path, { headers: { "tollgate-organization": organization }, ...init });
const at = (path: string) => `/organizations/${organization}${path}`;
const add = (body: object) => manage(at("/credits"), { body });
const grant = async (amount: number) => {
  clock.advance(1);
  expect((await add({ kind: "grant", amount })).status).toBe(201);
};
const put = (rule: object) => manage(at("/recharge-rule"), { method: "PUT", body: rule });
const recharges = async () => (await manage(at("/recharges"))).body.data;

async function newKey(fields: Partial<CreateKey> = {}): Promise<KeyWithSecret> {
  const limits = { requests_per_minute: 10_000, requests_per_day: 1_000_000 };
  return (await manage("/api-keys", { body: { label: "x", limits, ...fields } })).body;
}

const spend = async (key: KeyWithSecret, cost: number, more: object = {}) =>
  (await manage("/v1/keys/verify", { body: { key: key.secret, cost, ...more } })).body;
const hold = async (key: KeyWithSecret, max_cost: number) =>
  (await manage("/v1/holds", { body: { key: key.secret, max_cost } })).body;

/** The data of the organization's events of a type: they are written before the answer. */
async function eventsOf(type: string): Promise<Record<string, unknown>[]> {
  const { data } = (await manage(at(`/webhooks/${webhook}/deliveries?limit=100`))).body;
  return data
    .map(({ event }: { event: { type: string; data: Record<string, unknown> } }) => event)
    .filter((event: { type: string }) => event.type === type)
    .map((event: { data: Record<string, unknown> }) => event.data)
    .toReversed();
}

describe("credits.low", () => {
  test("is told once when 64 charges at the same time cross the threshold", async () => {
    await grant(100);
    const key = await newKey();
    await Promise.all(Array.from({ length: 64 }, () => spend(key, 1.5)));
    const events = await eventsOf("credits.low");
    expect(events.length).toBe(1);
    expect(events[0]).toMatchObject({ organization_id: organization, low_balance_threshold: 10 });
    expect(events[0]?.["available"]).toBeLessThan(10);
    await until(() => receiver.of("credits.low", organization).length === 1, "its delivery");
  });

  test("is told of a hold and of an adjustment, and not of a dry run or a repeated charge", async () => {
    await grant(20);
    const key = await newKey();
    const request = { request_id: "one" };
    await spend(key, 9, request);
    await app.call("/key?cost=5", { key: key.secret });
    await spend(key, 9, request);
    expect(await eventsOf("credits.low")).toEqual([]);
    await hold(key, 2);
    expect((await eventsOf("credits.low")).length).toBe(1);
    await grant(50);
    await add({ kind: "adjustment", amount: -55, reason: "mistaken" });
    expect((await eventsOf("credits.low")).length).toBe(2);
  });

  test("is told again when credits were added in between, and not by what goes up and down", async () => {
    await grant(12);
    const key = await newKey();
    for (let i = 0; i < 3; i++) {
      const { hold: held } = await hold(key, 5);
      await manage(`/v1/holds/${held.id}/release`, { method: "POST" });
    }
    expect((await eventsOf("credits.low")).length).toBe(1);
    await grant(12);
    await spend(key, 20);
    expect((await eventsOf("credits.low")).map(({ available }) => available)).toEqual([7, 4]);
  });
});

describe("credits.exhausted", () => {
  test("is told once when all is spent, and again after credits were added", async () => {
    await grant(1);
    const key = await newKey();
    await spend(key, 1);
    expect(await eventsOf("credits.exhausted")).toEqual([
      { organization_id: organization, available: 0, asked: null, key_id: null },
    ]);
    await spend(key, 1);
    expect((await eventsOf("credits.exhausted")).length).toBe(1);
    await grant(1);
    await spend(key, 2);
    expect((await eventsOf("credits.exhausted"))[1]).toEqual({
      organization_id: organization,
      available: 1,
      asked: 2,
      key_id: key.id,
    });
  });

  test("is told once of 64 refused charges and holds, and the later ones cost no commit", async () => {
    const key = await newKey();
    const refused = () => [spend(key, 1), hold(key, 1)];
    const answers = await Promise.all(Array.from({ length: 32 }, refused).flat());
    expect(new Set(answers.map(({ code }) => code))).toEqual(new Set(["INSUFFICIENT_CREDITS"]));
    const { commits } = app.services.ledger;
    for (let i = 0; i < 10; i++) await spend(key, 1);
    expect(app.services.ledger.commits).toBe(commits);
    expect((await eventsOf("credits.exhausted")).length).toBe(1);
  });

  test("is not told of a dry run", async () => {
    const key = await newKey();
    expect((await app.call("/key?cost=5", { key: key.secret })).status).toBe(402);
    expect(await eventsOf("credits.exhausted")).toEqual([]);
  });
});

describe("key.limit_reached", () => {
  test("is told once a window, and anew when the limit is changed", async () => {
    await grant(100);
    const key = await newKey({ label: "limited", spend_limit: 2, spend_limit_reset: "daily" });
    await spend(key, 1);
    await Promise.all(Array.from({ length: 16 }, () => spend(key, 1.5)));
    expect(await eventsOf("key.limit_reached")).toEqual([
      {
        organization_id: organization,
        key: {
          id: key.id,
          label: "limited",
          type: "workspace",
          key_prefix: key.key_prefix,
          environment: "live",
          workspace_id: key.workspace_id,
          user_id: null,
          expires_at: null,
        },
        limit_of: "key",
        spend_limit: 2,
        spend_limit_reset: "daily",
        left: 1,
        asked: 1.5,
      },
    ]);
    clock.advance(dayMs);
    await spend(key, 3);
    expect((await eventsOf("key.limit_reached")).length).toBe(2);
    await manage(`/api-keys/${key.id}`, { method: "PATCH", body: { spend_limit: 2.5 } });
    await spend(key, 3);
    await spend(key, 3);
    expect((await eventsOf("key.limit_reached")).length).toBe(3);
  });
});

describe("a recharge rule", () => {
  const rule = { below: 10, add: 50, monthly_max: 120 };

  test("asks once when 64 charges at the same time go below its bound", async () => {
    await grant(40);
    const key = await newKey();
    expect((await put(rule)).body).toMatchObject(rule);
    await Promise.all(Array.from({ length: 64 }, () => spend(key, 0.6)));
    const asked = await recharges();
    expect(asked.map(({ state, amount }: Asked) => [state, amount])).toEqual([["requested", 50]]);
    const events = await eventsOf("recharge.requested");
    expect(events.length).toBe(1);
    expect(events[0]).toMatchObject({
      organization_id: organization,
      recharge: { id: asked[0].id, amount: 50 },
      rule,
    });
    await until(() => receiver.of("recharge.requested", organization).length === 1, "its delivery");
  });

  interface Asked {
    id: string;
    state: string;
    amount: number;
  }
  const fulfil = (id: string, more: object = {}) =>
    add({ kind: "purchase", amount: 50, recharge_id: id, ...more });

  test("asks at once when less is left already, and records the wish without any webhook", async () => {
    await manage(at(`/webhooks/${webhook}`), { method: "DELETE" });
    await put(rule);
    const [asked] = await recharges();
    expect(asked).toMatchObject({ state: "requested", amount: 50, entry_id: null });
    const fulfilled = await fulfil(asked.id);
    expect(fulfilled.status).toBe(201);
    expect((await recharges())[0]).toMatchObject({
      state: "fulfilled",
      entry_id: fulfilled.body.id,
    });
    const again = await fulfil(asked.id);
    expect([again.status, again.body.error.code]).toEqual([409, "conflict"]);
    expect((await manage(at("/credits"))).body.balance).toBe(50);
  });

  test("asks again at once when what was added leaves too little", async () => {
    await put(rule);
    const [asked] = await recharges();
    await manage(at(`/recharges/${asked.id}/decline`), { method: "POST" });
    await grant(4);
    const states = async () => (await recharges()).map(({ state }: Asked) => state);
    expect(await states()).toEqual(["requested", "declined"]);
    const [again] = await recharges();
    await add({ kind: "purchase", amount: 3, recharge_id: again.id });
    expect(await states()).toEqual(["requested", "fulfilled", "declined"]);
  });

  test("asks for no more than its maximum in a month, and goes on in the next one", async () => {
    const key = await newKey();
    await put(rule);
    for (let i = 0; i < 2; i++) {
      const [asked] = await recharges();
      expect(asked.state).toBe("requested");
      await fulfil(asked.id);
      await spend(key, 45);
    }
    await spend(key, 1);
    const states = async () => (await recharges()).map(({ state }: Asked) => state);
    expect(await states()).toEqual(["fulfilled", "fulfilled"]);
    clock.advance(31 * dayMs);
    // A refused charge asks too: an organization that has nothing left could not charge at all.
    await spend(key, 1_000);
    expect(await states()).toEqual(["requested", "fulfilled", "fulfilled"]);
  });

  test("is not pressed after the operator has declined, until credits are added", async () => {
    const key = await newKey();
    await grant(5);
    await put(rule);
    const [asked] = await recharges();
    const path = at(`/recharges/${asked.id}/decline`);
    expect((await manage(path, { method: "POST" })).body.state).toBe("declined");
    expect((await manage(path, { method: "POST" })).status).toBe(409);
    await spend(key, 1);
    await spend(key, 1);
    expect((await recharges()).length).toBe(1);
    await grant(1);
    await spend(key, 1);
    expect((await recharges()).map(({ state }: Asked) => state)).toEqual(["requested", "declined"]);
  });

  test("that was deleted asks no more, and its amounts have to fit together", async () => {
    const key = await newKey();
    await grant(20);
    await put(rule);
    expect((await manage(at("/recharge-rule"), { method: "DELETE" })).status).toBe(204);
    await spend(key, 15);
    expect(await recharges()).toEqual([]);
    expect((await manage(at("/recharge-rule"))).status).toBe(404);
    for (const change of [{ below: 0 }, { add: 0 }, { monthly_max: 49 }, { add: 0.0000001 }]) {
      expect((await put({ ...rule, ...change })).status).toBe(422);
    }
  });

  test("is an admin's to set; what it asks for is the operator's to decide", async () => {
    const admin = await addPerson(app, { role: "admin", organization });
    const member = await addPerson(app, { role: "member", organization });
    const init = { method: "PUT", body: rule };
    expect((await member.call(at("/recharge-rule"), init)).status).toBe(403);
    expect((await admin.call(at("/recharge-rule"), init)).status).toBe(200);
    const [asked] = (await admin.call(at("/recharges"))).body.data;
    const decline = at(`/recharges/${asked.id}/decline`);
    expect((await admin.call(decline, { method: "POST" })).status).toBe(403);
    const other = await addOrganization(app, `other-${made}`);
    const foreign = `/organizations/${other}`;
    const body = { kind: "purchase", amount: 1, recharge_id: asked.id };
    expect((await app.manage(`${foreign}/credits`, { body })).status).toBe(404);
    const path = `${foreign}/recharges/${asked.id}/decline`;
    expect((await app.manage(path, { method: "POST" })).status).toBe(404);
    clock.advance(hourMs);
  });

  test("is known again after a start", async () => {
    const own = await startTestApp({ clock });
    const [{ id }] = (await own.manage("/organizations")).body.data;
    const path = `/organizations/${id}`;
    await own.manage(`${path}/credits`, { body: { kind: "grant", amount: 20 } });
    await own.manage(`${path}/recharge-rule`, { method: "PUT", body: rule });
    await own.stop({ keepFolder: true });
    const again = await startTestApp({ clock, folder: own.folder });
    const key = await again.newKey();
    await again.manage("/v1/keys/verify", { body: { key: key.secret, cost: 15 } });
    expect((await again.manage(`${path}/recharges`)).body.data.length).toBe(1);
    await again.stop();
  });
});
