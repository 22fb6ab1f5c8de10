import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { dayMs, hourMs } from "../../src/core/clock.ts";
import type { KeyWithSecret } from "../../src/keys/key-schemas.ts";
import type { CreateKey } from "../../src/keys/write-schemas.ts";
import { addOrganization } from "../support/people.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { TestClock } from "../support/test-clock.ts";

let app: TestApp;
let clock: TestClock;
let organization: string;
let made = 0;

beforeAll(async () => {
  clock = new TestClock();
  app = await startTestApp({ clock });
});
afterAll(() => app.stop());
beforeEach(async () => {
  organization = await addOrganization(app, `org-${++made}`);
});

const headers = () => ({ "tollgate-organization": organization });
const manage = (path: string, init: object = {}) =>
  app.manage(path, { headers: headers(), ...init });
const at = (path: string) => `/organizations/${organization}${path}`;
const add = (body: object) => manage(at("/credits"), { body });
const grant = (amount: number) => add({ kind: "grant", amount });
const credits = async () => (await manage(at("/credits"))).body;

async function newKey(fields: Partial<CreateKey> = {}): Promise<KeyWithSecret> {
  const limits = { requests_per_minute: 1_000, requests_per_day: 100_000 };
  return (await manage("/api-keys", { body: { label: "x", limits, ...fields } })).body;
}

const spend = async (key: KeyWithSecret, cost: number, more: object = {}) =>
  (await manage("/v1/keys/verify", { body: { key: key.secret, cost, ...more } })).body;
const hold = async (key: KeyWithSecret, max_cost: number, more: object = {}) =>
  (await manage("/v1/holds", { body: { key: key.secret, max_cost, ...more } })).body;
const settle = (id: string, cost: number) => manage(`/v1/holds/${id}/settle`, { body: { cost } });

/** The balance is the sum of the ledger, and what is held that of open holds. */
async function expectProven(): Promise<void> {
  expect((await manage(at("/ledger/verify"))).body.valid).toBe(true);
}

describe("charges", () => {
  test("take what a request costs, and the answer says what is left", async () => {
    await grant(10);
    const key = await newKey();
    expect(await spend(key, 2.5)).toMatchObject({
      valid: true,
      charged: 2.5,
      remaining_credits: 7.5,
      shortage: null,
    });
    expect(await credits()).toMatchObject({ balance: 7.5, held: 0, available: 7.5 });
    const { data } = (await manage(at("/ledger"))).body;
    expect(
      data.map(({ kind, amount }: { kind: string; amount: number }) => [kind, amount]),
    ).toEqual([
      ["charge", -2.5],
      ["grant", 10],
    ]);
    await expectProven();
  });

  test("without enough credits are refused, cost nothing and use no quota", async () => {
    await grant(1);
    const key = await newKey();
    const before = (await app.call("/key", { key: key.secret })).body.requests_total;
    expect(await spend(key, 1.000001)).toMatchObject({
      valid: false,
      code: "INSUFFICIENT_CREDITS",
      charged: 0,
      shortage: { of: "credits", left: 1, asked: 1.000001 },
    });
    const after = (await app.call("/key", { key: key.secret })).body.requests_total;
    expect(after).toBe(before + 1);
    expect((await credits()).balance).toBe(1);
  });

  test("of the last credit by many at once: exactly one passes", async () => {
    await grant(1);
    const key = await newKey();
    const verdicts = await Promise.all(Array.from({ length: 50 }, () => spend(key, 1)));
    expect(verdicts.filter(({ valid }) => valid)).toHaveLength(1);
    expect((await credits()).balance).toBe(0);
    await expectProven();
  });

  test("of the last of a spend limit by many at once: exactly one passes", async () => {
    await grant(100);
    const key = await newKey({ spend_limit: 1 });
    const verdicts = await Promise.all(Array.from({ length: 50 }, () => spend(key, 1)));
    expect(verdicts.filter(({ valid }) => valid)).toHaveLength(1);
    const refused = verdicts.find(({ valid }) => !valid);
    expect(refused).toMatchObject({
      code: "SPEND_LIMIT_REACHED",
      shortage: { of: "key", left: 0 },
    });
    expect((await credits()).balance).toBe(99);
  });

  test("are made once for each request and attempt", async () => {
    await grant(10);
    const key = await newKey();
    const once = { request_id: "r1" };
    const [first, again] = [await spend(key, 1, once), await spend(key, 1, once)];
    expect([first.charged, again.charged]).toEqual([1, 1]);
    expect((await credits()).balance).toBe(9);
    await spend(key, 1, { request_id: "r1", attempt: 2 });
    expect((await credits()).balance).toBe(8);
    const both = await Promise.all([1, 2, 3].map(() => spend(key, 1, { request_id: "r2" })));
    expect(both.map(({ charged }) => charged)).toEqual([1, 1, 1]);
    expect((await credits()).balance).toBe(7);
  });

  test("with the same Idempotency-Key are made once, and get the same answer", async () => {
    await grant(10);
    const key = await newKey();
    const send = () =>
      manage("/v1/keys/verify", {
        headers: { ...headers(), "idempotency-key": `k ${organization}` },
        body: { key: key.secret, cost: 1 },
      });
    const [first, again] = [await send(), await send()];
    expect(again.body).toEqual(first.body);
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect((await credits()).balance).toBe(9);
  });

  for (const cost of [-1, 1e308, 0.0000001, "1", null, Number.NaN]) {
    test(`of ${cost} are 422`, async () => {
      const key = await newKey();
      const body = `{"key":"${key.secret}","cost":${JSON.stringify(cost)}}`;
      const json = { ...headers(), "content-type": "application/json" };
      const answer = await app.manage("/v1/keys/verify", { method: "POST", body, headers: json });
      expect([answer.status, answer.body.error.param]).toEqual([422, "cost"]);
    });
  }

  test("show in their own answer: what the key has used and has left, with them", async () => {
    await grant(10.5);
    const key = await newKey({ spend_limit: 5, spend_limit_reset: "daily" });
    const first = await spend(key, 0.5);
    expect(first.key).toMatchObject({ usage: 0.5, usage_daily: 0.5, limit_remaining: 4.5 });
    expect(first.key).not.toHaveProperty("_balance_warning");
    const second = await spend(key, 1);
    expect(second.key).toMatchObject({ usage: 1.5, limit_remaining: 3.5, _remaining_credits: 9 });
    const held = await hold(key, 3);
    expect(held.key).toMatchObject({ usage: 1.5, limit_remaining: 0.5 });
  });

  test("of 0 are none, and need no credits", async () => {
    const key = await newKey();
    expect(await spend(key, 0)).toMatchObject({ valid: true, charged: 0 });
    expect((await manage(at("/ledger"))).body.data).toEqual([]);
  });
});

describe("holds", () => {
  test("reserve, and are settled to less: the rest is given back", async () => {
    await grant(10);
    const key = await newKey();
    const held = await hold(key, 4);
    expect(held).toMatchObject({ valid: true, charged: 0, remaining_credits: 6 });
    expect(await credits()).toMatchObject({ balance: 10, held: 4, available: 6 });
    const { status, body } = await settle(held.hold.id, 1.5);
    expect([status, body.charged, body.remaining_credits]).toEqual([200, 1.5, 8.5]);
    expect(await credits()).toMatchObject({ balance: 8.5, held: 0 });
    await expectProven();
  });

  test("are settled to more when there is more, else stay open with 402", async () => {
    await grant(10);
    const key = await newKey();
    const { hold: one } = await hold(key, 4);
    const refused = await settle(one.id, 10.5);
    expect([refused.status, refused.body.error.code]).toEqual([402, "insufficient_credits"]);
    expect(refused.body.error.shortage).toEqual({ of: "credits", left: 10, asked: 10.5 });
    expect((await settle(one.id, 10)).status).toBe(200);
    expect(await credits()).toMatchObject({ balance: 0, held: 0 });
    await expectProven();
  });

  test("are settled or released once, also by many at once", async () => {
    await grant(10);
    const key = await newKey();
    const { hold: one } = await hold(key, 4);
    const release = () => manage(`/v1/holds/${one.id}/release`, { method: "POST" });
    const answers = await Promise.all([settle(one.id, 1), release(), settle(one.id, 2), release()]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409, 409, 409]);
    expect((await credits()).held).toBe(0);
    await expectProven();
  });

  test("that nobody ends are released when their time is over, and settle no more", async () => {
    await grant(10);
    const key = await newKey();
    const { hold: one } = await hold(key, 4, { ttl_seconds: 60 });
    clock.advance(60_000);
    await app.services.sweeper.sweep();
    expect(await credits()).toMatchObject({ balance: 10, held: 0 });
    expect((await manage(`/v1/holds/${one.id}`)).body.state).toBe("expired");
    const late = await settle(one.id, 1);
    expect([late.status, late.body.error.code]).toEqual([409, "hold_closed"]);
    await expectProven();
  });

  test("count against balance and limits like spending", async () => {
    await grant(10);
    const key = await newKey({ spend_limit: 5 });
    await hold(key, 4);
    expect((await spend(key, 1.5)).code).toBe("SPEND_LIMIT_REACHED");
    expect((await spend(key, 1)).valid).toBe(true);
    const other = await newKey();
    expect((await spend(other, 5.5)).code).toBe("INSUFFICIENT_CREDITS");
  });

  test("are not settled when their request was charged without them: once is enough", async () => {
    await grant(10);
    const key = await newKey();
    const once = { request_id: "r1" };
    const { hold: one } = await hold(key, 4, once);
    await spend(key, 1, once);
    const refused = await settle(one.id, 2);
    expect([refused.status, refused.body.error.code]).toEqual([409, "conflict"]);
    expect((await manage(`/v1/holds/${one.id}/release`, { method: "POST" })).status).toBe(200);
    expect(await credits()).toMatchObject({ balance: 9, held: 0 });
    const { hold: two } = await hold(key, 4, { request_id: "r2" });
    await settle(two.id, 2);
    expect((await spend(key, 1, { request_id: "r2" })).charged).toBe(2);
    expect((await credits()).balance).toBe(7);
    await expectProven();
  });

  test("that have ended are no cover for a repeated request", async () => {
    await grant(10);
    const key = await newKey();
    const { hold: one } = await hold(key, 4, { request_id: "r1" });
    expect((await hold(key, 4, { request_id: "r1" })).hold.id).toBe(one.id);
    await manage(`/v1/holds/${one.id}/release`, { method: "POST" });
    const body = { key: key.secret, max_cost: 4, request_id: "r1" };
    const again = await manage("/v1/holds", { body });
    expect([again.status, again.body.error.code]).toEqual([409, "hold_closed"]);
    const short = { request_id: "r2", ttl_seconds: 1 };
    await hold(key, 4, short);
    clock.advance(1_000);
    const late = { key: key.secret, max_cost: 4, ...short };
    expect((await manage("/v1/holds", { body: late })).body.error.code).toBe("hold_closed");
    await expectProven();
  });

  test("of another organization are 404", async () => {
    await grant(10);
    const { hold: one } = await hold(await newKey(), 4);
    const stranger = await addOrganization(app, `stranger-${made}`);
    const other = { "tollgate-organization": stranger };
    for (const [method, end, body] of [
      ["GET", "", undefined],
      ["POST", "/settle", { cost: 1 }],
      ["POST", "/release", undefined],
    ] as const) {
      const answer = await app.manage(`/v1/holds/${one.id}${end}`, {
        method,
        body,
        headers: other,
      });
      expect([end, answer.status]).toEqual([end, 404]);
    }
  });
});

describe("spend limits", () => {
  test("begin anew with their window, and a charge belongs to that of its admission", async () => {
    await grant(100);
    const key = await newKey({ spend_limit: 5, spend_limit_reset: "daily" });
    const { hold: old } = await hold(key, 3);
    expect((await spend(key, 3)).code).toBe("SPEND_LIMIT_REACHED");
    clock.advance(dayMs - (clock.nowMs() % dayMs));
    // The hold of yesterday is settled today, and is none of today's.
    expect((await settle(old.id, 3)).status).toBe(409);
    const fresh = await newKey({ spend_limit: 5, spend_limit_reset: "daily" });
    const { hold: late } = await hold(fresh, 3, { ttl_seconds: 86_400 });
    clock.advance(dayMs - hourMs);
    expect((await settle(late.id, 3)).status).toBe(200);
    expect((await spend(fresh, 2)).valid).toBe(true);
    clock.advance(hourMs);
    expect((await spend(fresh, 5)).valid).toBe(true);
    expect((await spend(fresh, 0.000001)).code).toBe("SPEND_LIMIT_REACHED");
    await expectProven();
  });

  test("are the key's, whatever its secret: a rotation changes nothing of it", async () => {
    await grant(10);
    const key = await newKey({ spend_limit: 1 });
    await spend(key, 1);
    const rotated = (await manage(`/api-keys/${key.id}/rotate`, { method: "POST", body: {} })).body;
    expect((await spend(rotated, 1)).code).toBe("SPEND_LIMIT_REACHED");
  });

  test("show in GET /key with the usage of day, week and month", async () => {
    await grant(100);
    const key = await newKey({ spend_limit: 20, spend_limit_reset: "monthly" });
    await spend(key, 7.25);
    expect((await app.call("/key", { key: key.secret })).body).toMatchObject({
      usage: 7.25,
      usage_daily: 7.25,
      usage_weekly: 7.25,
      usage_monthly: 7.25,
      limit: 20,
      limit_reset: "monthly",
      limit_remaining: 12.75,
    });
    clock.advance(dayMs);
    const tomorrow = (await app.call("/key", { key: key.secret })).body;
    expect([tomorrow.usage, tomorrow.usage_daily]).toEqual([7.25, 0]);
  });
});

describe("what callers see", () => {
  test("the remaining credits in a header, and a warning when they run low", async () => {
    const key = await newKey();
    const none = await app.call("/key", { key: key.secret });
    expect(none.headers.get("x-credits-remaining")).toBeNull();
    await grant(11);
    const enough = await app.call("/key", { key: key.secret });
    expect(enough.headers.get("x-credits-remaining")).toBe("11");
    expect(enough.body._balance_warning).toBeUndefined();
    await spend(key, 2);
    const low = await app.call("/key", { key: key.secret });
    expect(low.headers.get("x-credits-remaining")).toBe("9");
    expect(low.body).toMatchObject({ _balance_warning: true, _remaining_credits: 9 });
  });
});

describe("GET /key?cost=", () => {
  test("tells whether there is enough, charges nothing and counts no refusal", async () => {
    await grant(5);
    const key = await newKey({ spend_limit: 3 });
    const ask = (cost: string) => app.call(`/key?cost=${cost}`, { key: key.secret });
    expect((await ask("3")).status).toBe(200);
    const over = await ask("3.000001");
    expect([over.status, over.body.error.code]).toEqual([402, "spend_limit_reached"]);
    expect(over.body.error.shortage).toEqual({ of: "key", left: 3, asked: 3.000001 });
    for (const cost of ["-1", "abc", "0.0000001"]) {
      const answer = await ask(cost);
      expect([cost, answer.status, answer.body.error.param]).toEqual([cost, 422, "cost"]);
    }
    expect((await credits()).balance).toBe(5);
    expect((await app.call("/key", { key: key.secret })).body.requests_total).toBe(2);
  });
});

describe("adding credits", () => {
  test("is the operator's affair, and audited", async () => {
    const made = await add({ kind: "purchase", amount: 5, reason: "Invoice 7" });
    expect(made.body).toMatchObject({
      kind: "purchase",
      amount: 5,
      balance: 5,
      reason: "Invoice 7",
    });
    const { data } = (await manage("/audit-log?action=credits.added")).body;
    expect(data[0].target.id).toBe(made.body.id);
  });

  test("takes away with an adjustment alone, with a reason, and never what is held", async () => {
    await grant(10);
    const key = await newKey();
    await hold(key, 4);
    const refused: [object, number][] = [
      [{ kind: "grant", amount: -1 }, 422],
      [{ kind: "adjustment", amount: -1 }, 422],
      [{ kind: "adjustment", amount: 0, reason: "x" }, 422],
      [{ kind: "adjustment", amount: -6.000001, reason: "x" }, 409],
      [{ kind: "grant", amount: 1e9 + 1 }, 422],
    ];
    for (const [body, status] of refused) {
      expect([body, (await add(body)).status]).toEqual([body, status]);
    }
    expect((await add({ kind: "adjustment", amount: -6, reason: "Refunded" })).status).toBe(201);
    expect(await credits()).toMatchObject({ balance: 4, held: 4, available: 0 });
  });

  test("stops before the balance can overflow", async () => {
    for (let i = 0; i < 9; i++) expect((await grant(1e9)).status).toBe(201);
    expect((await grant(0.000001)).status).toBe(409);
    expect((await credits()).balance).toBe(9e9);
    await expectProven();
  });

  test("beside charges loses neither", async () => {
    await grant(100);
    const key = await newKey();
    const [charges] = await Promise.all([
      Promise.all(Array.from({ length: 40 }, () => spend(key, 1))),
      Promise.all(Array.from({ length: 10 }, () => grant(2))),
    ]);
    expect(charges.every(({ valid }) => valid)).toBe(true);
    expect((await credits()).balance).toBe(100 - 40 + 20);
    await expectProven();
  });

  test("of grants that expire: they are spent first, and what is left is taken back", async () => {
    const soon = new Date(clock.nowMs() + hourMs).toISOString();
    const later = new Date(clock.nowMs() + 2 * hourMs).toISOString();
    await grant(5);
    await add({ kind: "grant", amount: 2, expires_at: later });
    await add({ kind: "grant", amount: 2, expires_at: soon });
    const key = await newKey();
    await spend(key, 1);
    clock.advance(hourMs);
    await app.services.sweeper.sweep();
    expect((await credits()).balance).toBe(7);
    clock.advance(hourMs);
    await app.services.sweeper.sweep();
    expect((await credits()).balance).toBe(5);
    await expectProven();
  });
});

describe("limits beside money", () => {
  test("admit exactly as many charges as there are requests, however many come at once", async () => {
    await grant(100);
    const key = await newKey({ limits: { requests_per_minute: 5 } });
    const verdicts = await Promise.all(Array.from({ length: 40 }, () => spend(key, 1)));
    expect(verdicts.filter(({ valid }) => valid)).toHaveLength(5);
    expect((await credits()).balance).toBe(95);
  });

  test("are not used up by charges that are refused", async () => {
    await grant(1);
    const key = await newKey({ limits: { requests_per_minute: 3 } });
    for (let i = 0; i < 5; i++) expect((await spend(key, 2)).code).toBe("INSUFFICIENT_CREDITS");
    expect((await spend(key, 1)).valid).toBe(true);
    const { rate_limits } = (await app.call("/key", { key: key.secret })).body;
    expect(rate_limits.requests_per_minute.remaining).toBe(1);
  });
});
