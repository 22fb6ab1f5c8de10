import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { dayMs, hourMs, minuteMs, secondMs } from "../../src/core/clock.ts";
import type { KeyWithSecret } from "../../src/keys/key-schemas.ts";
import type { CreateKey } from "../../src/keys/write-schemas.ts";
import { addOrganization } from "../support/people.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { TestClock } from "../support/test-clock.ts";

// What the clock does to money: windows, holds, prices. Time passes with `advance`; `step` is somebody who
// sets the wall clock.

let app: TestApp;
let clock: TestClock;
let organization: string;
let made = 0;

/** Each test begins at a moment of its own, with a server that was started then. */
beforeAll(async () => {
  clock = new TestClock("2027-05-31T12:00:00Z");
  app = await startTestApp({ clock });
});
afterAll(() => app.stop());
beforeEach(async () => {
  await begin("2027-05-31T12:00:00Z");
});

/** A server of its own, at this moment: the clock of windows knows nothing of what was before. */
async function begin(moment: string): Promise<void> {
  await app.stop();
  clock = new TestClock(moment);
  app = await startTestApp({ clock });
  organization = await addOrganization(app, `org-${++made}`);
  await manage(at("/credits"), { body: { kind: "grant", amount: 100 } });
}

/** The same folder, with a server that is started when the clock shows what it shows now. */
async function restart(): Promise<void> {
  const { folder } = app;
  await app.stop({ keepFolder: true });
  app = await startTestApp({ clock, folder });
}

const manage = (path: string, init: object = {}) =>
  app.manage(path, { headers: { "tollgate-organization": organization }, ...init });
const at = (path: string) => `/organizations/${organization}${path}`;
const credits = async () => (await manage(at("/credits"))).body;
const entries = async () => (await manage(at("/ledger?limit=100&kind=charge"))).body.data;
const isProven = async () => (await manage(at("/ledger/verify"))).body.valid;
const spend = async ({ secret }: KeyWithSecret, cost: number) =>
  (await manage("/v1/keys/verify", { body: { key: secret, cost } })).body;
const hold = async ({ secret }: KeyWithSecret, max_cost: number, ttl_seconds = 86_400) =>
  (await manage("/v1/holds", { body: { key: secret, max_cost, ttl_seconds } })).body.hold;
const settle = (id: string, cost: number) => manage(`/v1/holds/${id}/settle`, { body: { cost } });
const stateOf = async (id: string) => (await manage(`/v1/holds/${id}`)).body.state;
const remaining = async ({ secret }: KeyWithSecret) =>
  (await app.call("/key", { key: secret })).body.limit_remaining;

async function newKey(fields: Partial<CreateKey> = {}): Promise<KeyWithSecret> {
  const limits = { requests_per_minute: 1_000, requests_per_day: 100_000 };
  return (await manage("/api-keys", { body: { label: "x", limits, ...fields } })).body;
}

const windows = [
  ["daily", "2027-06-02T23:59:00Z", "2027-06-03T00:00:00Z"],
  ["weekly", "2027-06-06T23:59:00Z", "2027-06-07T00:00:00Z"],
  ["monthly", "2027-05-31T23:59:00Z", "2027-06-01T00:00:00Z"],
] as const;

describe.each(windows)("a %s limit, with a hold open over its end", (reset, start, next) => {
  test("counts the hold until it ends, and its charge for the window of its admission", async () => {
    await begin(start);
    const key = await newKey({ spend_limit: 5, spend_limit_reset: reset });
    const open = await hold(key, 3);
    clock.step(Date.parse(next) - clock.nowMs());
    // Nobody knows yet what it will cost, so what it reserves is not free in the new window either.
    expect((await spend(key, 2.000001)).code).toBe("SPEND_LIMIT_REACHED");
    expect(await remaining(key)).toBe(2);
    expect((await settle(open.id, 3)).status).toBe(200);
    expect(await remaining(key)).toBe(5);
    expect((await spend(key, 5)).valid).toBe(true);
    expect((await spend(key, 0.000001)).code).toBe("SPEND_LIMIT_REACHED");
    expect((await credits()).balance).toBe(92);
    expect(await isProven()).toBe(true);
  });

  test("counts what is settled beyond the hold for the window of its settling, which it has to fit", async () => {
    await begin(start);
    const key = await newKey({ spend_limit: 5, spend_limit_reset: reset });
    const open = await hold(key, 1);
    clock.step(Date.parse(next) - clock.nowMs());
    expect((await settle(open.id, 4)).status).toBe(200);
    expect(await remaining(key)).toBe(2);
    expect((await spend(key, 2.000001)).code).toBe("SPEND_LIMIT_REACHED");
    expect(await isProven()).toBe(true);
  });

  test("is not overspent by many holds that cost more than they held", async () => {
    await begin(start);
    const key = await newKey({ spend_limit: 5, spend_limit_reset: reset });
    const open = await Promise.all(Array.from({ length: 4 }, () => hold(key, 0.000001)));
    clock.step(Date.parse(next) - clock.nowMs());
    const settled = await Promise.all(open.map(({ id }) => settle(id, 4)));
    expect(settled.map(({ status }) => status).toSorted()).toEqual([200, 402, 402, 402]);
    expect(await isProven()).toBe(true);
  });
});

describe("a clock that steps back over midnight", () => {
  test("frees nothing of a daily limit, and locks nobody when midnight comes again", async () => {
    await begin("2027-06-02T23:59:00Z");
    const key = await newKey({ spend_limit: 5, spend_limit_reset: "daily" });
    await spend(key, 5);
    clock.advance(minuteMs);
    expect((await spend(key, 5)).valid).toBe(true);
    clock.step(-30 * minuteMs);
    expect((await spend(key, 0.000001)).code).toBe("SPEND_LIMIT_REACHED");
    expect(await remaining(key)).toBe(0);
    // The wall shows midnight for the second time: it is the same day as before the step.
    clock.advance(31 * minuteMs);
    expect((await spend(key, 0.000001)).code).toBe("SPEND_LIMIT_REACHED");
    clock.advance(dayMs);
    expect((await spend(key, 5)).valid).toBe(true);
    expect(await isProven()).toBe(true);
  });

  test("while the server is stopped frees nothing either", async () => {
    await begin("2027-06-03T00:10:00Z");
    const key = await newKey({ spend_limit: 5, spend_limit_reset: "daily" });
    const other = await newKey({ spend_limit: 5, spend_limit_reset: "daily" });
    await spend(key, 5);
    await spend(other, 4);
    clock.step(-20 * minuteMs);
    await restart();
    expect((await spend(key, 0.000001)).code).toBe("SPEND_LIMIT_REACHED");
    expect((await spend(other, 0.5)).valid).toBe(true);
    expect(await remaining(other)).toBe(0.5);
    // Midnight comes for the second time.
    clock.advance(11 * minuteMs);
    expect((await spend(key, 0.000001)).code).toBe("SPEND_LIMIT_REACHED");
    expect((await spend(other, 0.500001)).code).toBe("SPEND_LIMIT_REACHED");
    clock.advance(dayMs);
    expect((await spend(key, 5)).valid).toBe(true);
    expect(await isProven()).toBe(true);
  });

  test("from a year that was wrong locks nobody for a year", async () => {
    const key = await newKey({ spend_limit: 5, spend_limit_reset: "daily" });
    clock.step(365 * dayMs);
    await spend(key, 5);
    clock.step(-365 * dayMs);
    await restart();
    expect((await spend(key, 1)).code).toBe("SPEND_LIMIT_REACHED");
    clock.advance(dayMs);
    expect((await spend(key, 5)).valid).toBe(true);
    expect(await isProven()).toBe(true);
  });
});

describe("a hold, when the clock steps", () => {
  test("forward over its end: it costs nothing, and is ended once, whoever sees it first", async () => {
    const key = await newKey();
    const open = await hold(key, 4, 60);
    clock.step(dayMs);
    const late = await settle(open.id, 4);
    expect([late.status, late.body.error.code]).toEqual([409, "hold_closed"]);
    expect(await stateOf(open.id)).toBe("expired");
    await app.services.sweeper.sweep();
    expect(await credits()).toMatchObject({ balance: 100, held: 0 });
    expect(await isProven()).toBe(true);
  });

  test("back over its end, once it was ended: it stays so", async () => {
    const key = await newKey();
    const open = await hold(key, 4, 60);
    clock.advance(minuteMs);
    await app.services.sweeper.sweep();
    clock.step(-hourMs);
    expect((await settle(open.id, 4)).status).toBe(409);
    await app.services.sweeper.sweep();
    await restart();
    await app.services.sweeper.sweep();
    expect((await settle(open.id, 4)).status).toBe(409);
    expect(await stateOf(open.id)).toBe("expired");
    expect(await entries()).toEqual([]);
    expect(await credits()).toMatchObject({ balance: 100, held: 0 });
    expect(await isProven()).toBe(true);
  });

  test("back before its end: it lives on by the time that passes, a ninth longer at most", async () => {
    const key = await newKey();
    const open = await hold(key, 4, 90);
    clock.advance(45 * secondMs);
    await app.services.sweeper.sweep();
    clock.step(-dayMs);
    await app.services.sweeper.sweep();
    clock.advance(44 * secondMs);
    await app.services.sweeper.sweep();
    expect(await stateOf(open.id)).toBe("open");
    clock.advance(7 * secondMs);
    await app.services.sweeper.sweep();
    expect(await stateOf(open.id)).toBe("expired");
    expect((await credits()).held).toBe(0);
  });

  test("back: what was settled is charged once, in the order of the ledger", async () => {
    const key = await newKey();
    const [one, two] = [await hold(key, 4), await hold(key, 4)];
    await settle(one.id, 1);
    clock.step(-hourMs);
    expect((await settle(one.id, 1)).status).toBe(409);
    expect((await settle(two.id, 2)).status).toBe(200);
    const amounts = (await entries()).map(({ amount }: { amount: number }) => amount);
    expect(amounts).toEqual([-2, -1]);
    expect(await credits()).toMatchObject({ balance: 97, held: 0 });
    expect(await isProven()).toBe(true);
  });
});

describe("sweeper and settling in the same instant", () => {
  test("at the end of a hold: it has ended, and nothing is charged", async () => {
    const key = await newKey();
    const holds = await Promise.all(Array.from({ length: 20 }, () => hold(key, 1, 60)));
    clock.advance(minuteMs);
    const answers = await Promise.all([
      ...holds.map(({ id }) => settle(id, 1)),
      app.services.sweeper.sweep().then(() => ({ status: 0 })),
      app.services.sweeper.sweep().then(() => ({ status: 0 })),
    ]);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(20);
    expect(await entries()).toEqual([]);
    expect(await credits()).toMatchObject({ balance: 100, held: 0 });
    expect(await isProven()).toBe(true);
  });

  test("while the instant passes: of each hold exactly one wins", async () => {
    const key = await newKey();
    const holds = await Promise.all(Array.from({ length: 30 }, () => hold(key, 1, 60)));
    clock.advance(minuteMs - 1);
    const settled = holds.map(async ({ id }, at) => {
      if (at === 10) clock.advance(1);
      if (at % 5 === 0) await app.services.sweeper.sweep();
      return (await settle(id, 1)).status;
    });
    const statuses = await Promise.all([...settled, app.services.sweeper.sweep()]);
    const charged = statuses.filter((status) => status === 200).length;
    expect(statuses.filter((status) => status === 409)).toHaveLength(30 - charged);
    const states = await Promise.all(holds.map(({ id }) => stateOf(id)));
    expect(states.filter((state) => state === "settled")).toHaveLength(charged);
    expect(states.filter((state) => state === "expired")).toHaveLength(30 - charged);
    expect(await entries()).toHaveLength(charged);
    expect(await credits()).toMatchObject({ balance: 100 - charged, held: 0 });
    expect(await isProven()).toBe(true);
  });
});

describe("a price, when the clock steps back", () => {
  test("is that of the moment the wall shows, and every charge is still what its price says", async () => {
    const key = await newKey();
    const skill = "github/x";
    const charge = async () =>
      (await manage("/v1/keys/verify", { body: { key: key.secret, skill, units: {} } })).body;
    const set = (per_request: number, effective_from?: string) =>
      app.manage("/prices", {
        body: { kind: "skill", subject: skill, per_request, effective_from },
      });
    await set(1);
    const later = new Date(clock.nowMs() + hourMs).toISOString();
    await set(2, later);
    clock.advance(hourMs);
    expect((await charge()).charged).toBe(2);
    clock.step(-minuteMs);
    expect((await charge()).charged).toBe(1);
    // A new price may begin now, though there is a charge that says it was made later.
    expect((await set(3)).status).toBe(201);
    expect((await charge()).charged).toBe(3);
    clock.advance(minuteMs);
    expect((await charge()).charged).toBe(2);
    const proof = (await manage(at("/ledger/verify"))).body;
    expect(proof).toMatchObject({ valid: true, charges_by_price: 4, unexplained: [] });
  });
});
