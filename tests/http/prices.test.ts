import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { hourMs, minuteMs } from "../../src/core/clock.ts";
import { openFile } from "../../src/db/client.ts";
import type { KeyWithSecret } from "../../src/keys/key-schemas.ts";
import { addOrganization } from "../support/people.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { TestClock } from "../support/test-clock.ts";

let app: TestApp;
let clock: TestClock;
let organization: string;
let key: KeyWithSecret;
/** A skill of this test alone. */
let skill: string;
let made = 0;

beforeAll(async () => {
  clock = new TestClock();
  app = await startTestApp({ clock });
});
afterAll(() => app.stop());
beforeEach(async () => {
  organization = await addOrganization(app, `org-${++made}`);
  skill = `tool-${made}/run`;
  clock.advance(1);
  const limits = { requests_per_minute: 10_000, requests_per_day: 100_000 };
  key = (await manage("/api-keys", { body: { label: "x", limits } })).body;
  await manage(at("/credits"), { body: { kind: "grant", amount: 100 } });
});

const manage = (
  path: string,
  init: { headers?: Record<string, string>; [name: string]: unknown } = {},
) =>
  app.manage(path, {
    ...init,
    headers: { "tollgate-organization": organization, ...init.headers },
  });
const at = (path: string) => `/organizations/${organization}${path}`;
const inTime = (ms: number) => new Date(clock.nowMs() + ms).toISOString();
const set = async (body: object) => {
  const answer = await app.manage("/prices", { body });
  // What is set now holds from the next millisecond on when something was charged in this one.
  clock.advance(1);
  return answer;
};
const perRequest = (subject: string, per_request: number, more: object = {}) =>
  set({ kind: "skill", subject, per_request, ...more });
const perToken = (subject: string, input: number, output: number, more: object = {}) =>
  set({
    kind: "model",
    subject,
    per_million_input_tokens: input,
    per_million_output_tokens: output,
    ...more,
  });
const verify = (body: object) => manage("/v1/keys/verify", { body: { key: key.secret, ...body } });
const hold = (body: object) => manage("/v1/holds", { body: { key: key.secret, ...body } });
const settle = (id: string, body: object) => manage(`/v1/holds/${id}/settle`, { body });
const balance = async () => (await manage(at("/credits"))).body.balance;
const ledger = async () => (await manage(at("/ledger?limit=100"))).body.data;
const proof = async () => (await manage(at("/ledger/verify"))).body;
const fault = ({
  status,
  body,
}: {
  status: number;
  body: { error: { code: string; param: string } };
}) => [status, body.error?.code, body.error?.param];

describe("/prices", () => {
  test("a price is set, shown, listed in force, and audited", async () => {
    const { status, body } = await perRequest(skill, 0.25);
    expect(status).toBe(201);
    expect(body).toMatchObject({
      kind: "skill",
      subject: skill,
      per_request: 0.25,
      per_million_input_tokens: 0,
      ended: false,
      effective_until: null,
      created_by: app.operatorId,
    });
    expect((await app.manage(`/prices/${body.id}`)).body).toEqual(body);
    expect((await app.manage(`/prices?kind=skill&subject=${skill}`)).body.data).toEqual([body]);
    const { data } = (await app.manage("/audit-log?action=price.set&limit=1")).body;
    expect(data[0].target.id).toBe(body.id);
    expect((await app.manage("/prices/prc_none")).status).toBe(404);
  });

  test("versions follow each other; each moment shows the one that held", async () => {
    const first = (await perRequest(skill, 1)).body;
    const second = (await perRequest(skill, 2, { effective_from: inTime(hourMs) })).body;
    const third = (await perRequest(skill, 3, { effective_from: inTime(2 * hourMs) })).body;
    const shown = async (query: string) =>
      (await app.manage(`/prices?subject=${skill}${query}`)).body.data.map(
        ({ per_request }: { per_request: number }) => per_request,
      );
    expect(await shown("")).toEqual([1]);
    expect(await shown(`&at=${second.effective_from}`)).toEqual([2]);
    const before = new Date(Date.parse(second.effective_from) - 1).toISOString();
    expect(await shown(`&at=${before}`)).toEqual([1]);
    expect(await shown(`&at=${third.effective_from}`)).toEqual([3]);
    expect(await shown("&at=2000-01-01T00:00:00Z")).toEqual([]);
    expect(await shown("&versions=all")).toEqual([1, 2, 3]);
    expect((await app.manage(`/prices/${first.id}`)).body.effective_until).toBe(
      second.effective_from,
    );
  });

  test("pages by cursor, each version once", async () => {
    for (let i = 1; i <= 5; i++) {
      await perRequest(skill, i, { effective_from: inTime(i * hourMs) });
    }
    const seen: number[] = [];
    for (let cursor = ""; ; ) {
      const page = `/prices?subject=${skill}&versions=all&limit=2${cursor}`;
      const { body } = await app.manage(page);
      seen.push(...body.data.map((price: { per_request: number }) => price.per_request));
      if (body.next_cursor === null) break;
      cursor = `&cursor=${body.next_cursor}`;
    }
    expect(seen).toEqual([1, 2, 3, 4, 5]);
  });

  test("never holds earlier than it is set, and two versions never from one moment", async () => {
    expect(fault(await perRequest(skill, 1, { effective_from: inTime(-1) }))).toEqual([
      422,
      "validation_failed",
      "effective_from",
    ]);
    const effective_from = inTime(hourMs);
    expect((await perRequest(skill, 1, { effective_from })).status).toBe(201);
    expect(fault(await perRequest(skill, 2, { effective_from }))).toEqual([
      409,
      "conflict",
      "effective_from",
    ]);
  });

  test("the same Idempotency-Key sets one price", async () => {
    const send = () =>
      app.manage("/prices", {
        body: { kind: "skill", subject: skill, per_request: 1 },
        headers: { "idempotency-key": `price ${skill}` },
      });
    const [first, again] = [await send(), await send()];
    expect(again.body).toEqual(first.body);
    const all = await app.manage(`/prices?subject=${skill}&versions=all`);
    expect(all.body.data).toHaveLength(1);
  });

  test("an end is a version of its own, and ends nothing that is not there", async () => {
    const end = (more: object = {}) =>
      app.manage("/prices/end", { body: { kind: "skill", subject: skill, ...more } });
    expect((await end()).status).toBe(409);
    await perRequest(skill, 1);
    const ended = await end({ effective_from: inTime(hourMs) });
    expect([ended.status, ended.body.ended]).toEqual([201, true]);
    expect((await verify({ skill, units: {} })).body.charged).toBe(1);
    clock.advance(hourMs);
    expect(fault(await verify({ skill, units: {} }))).toEqual([422, "price_not_found", "skill"]);
    expect((await app.manage(`/prices?subject=${skill}`)).body.data).toEqual([]);
    expect((await end()).status).toBe(409);
    await perRequest(skill, 3);
    expect((await verify({ skill, units: {} })).body.charged).toBe(3);
  });

  test("nobody but the operator sets prices; everybody with a key of management reads them", async () => {
    const body = { label: "m", type: "management", scopes: ["*"] };
    const manager = (await manage("/api-keys", { body })).body.secret;
    const price = { kind: "skill", subject: skill, per_request: 1 };
    expect((await app.call("/prices", { key: manager, body: price })).status).toBe(403);
    expect((await app.call("/prices", { key: manager })).status).toBe(200);
  });

  for (const amount of [-1, 1e308, 0.0000001, 1e9 + 1, "1", null, Number.NaN]) {
    for (const name of ["per_request", "per_million_input_tokens", "per_million_output_tokens"]) {
      test(`${name} of ${JSON.stringify(amount)} is 422`, async () => {
        const rates = {
          per_request: 1,
          per_million_input_tokens: 1,
          per_million_output_tokens: 1,
          [name]: amount,
        };
        const answer = await set({ kind: "model", subject: "edge", ...rates });
        expect([answer.status, answer.body.error.param]).toEqual([422, name]);
      });
    }
  }

  test("what is no price is 422, and names the field", async () => {
    const refused: [object, string][] = [
      [{ kind: "skill", subject: skill }, "per_request"],
      [
        { kind: "skill", subject: skill, per_request: 1, per_million_input_tokens: 1 },
        "per_million_input_tokens",
      ],
      [{ kind: "model", subject: "m", per_million_input_tokens: 1 }, "per_million_output_tokens"],
      [{ kind: "skill", subject: "no skill", per_request: 1 }, "subject"],
      [
        {
          kind: "model",
          subject: "m".repeat(129),
          per_million_input_tokens: 1,
          per_million_output_tokens: 1,
        },
        "subject",
      ],
      [{ kind: "tool", subject: skill, per_request: 1 }, "kind"],
      [
        { kind: "skill", subject: skill, per_request: 1, effective_from: "2026-02-30T00:00:00Z" },
        "effective_from",
      ],
    ];
    for (const [body, param] of refused) {
      const answer = await set(body);
      expect([body, answer.status, answer.body.error.param]).toEqual([body, 422, param]);
    }
    const both = await app.manage("/prices?versions=all&at=2099-01-01T00:00:00Z");
    expect([both.status, both.body.error.param]).toEqual([422, "at"]);
  });

  test("a price of 0 is one: it charges nothing", async () => {
    const { body } = await perRequest(skill, 0);
    const verdict = (await verify({ skill, units: { requests: 7 } })).body;
    expect(verdict).toMatchObject({ valid: true, charged: 0, price_id: body.id });
    expect(await balance()).toBe(100);
  });

  test("stays whatever anybody's SQL says", async () => {
    const { body } = await perRequest(skill, 1);
    const { $client } = app.services.db.write;
    for (const sql of ["UPDATE prices SET per_request_micros = 1", "DELETE FROM prices"]) {
      const error = await $client.execute(sql).then(
        () => undefined,
        (cause: unknown) => cause,
      );
      expect(String(error)).toContain("prices are append-only");
    }
    expect((await app.manage(`/prices/${body.id}`)).body.per_request).toBe(1);
  });
});

describe("a charge by price", () => {
  test("of requests is what they cost, and the ledger names price and units", async () => {
    const price = (await perRequest(skill, 0.25)).body;
    const { body, headers } = await verify({ skill, units: { requests: 3 } });
    expect(body).toMatchObject({ valid: true, charged: 0.75, price_id: price.id });
    expect(headers.get("x-credits-charged")).toBe("0.75");
    const [entry] = await ledger();
    expect(entry).toMatchObject({
      amount: -0.75,
      subject: skill,
      price_id: price.id,
      units: { requests: 3, input_tokens: 0, output_tokens: 0 },
    });
    const lines = (await manage(at("/ledger/export?format=jsonl"))).body.trim().split("\n");
    expect(JSON.parse(lines.at(-1))).toEqual(entry);
    const csv = (await manage(at("/ledger/export?format=csv"))).body;
    expect(csv).toContain(`${price.id},"{""requests"":3,""input_tokens"":0,""output_tokens"":0}"`);
  });

  test("of tokens is rounded up once, at the end", async () => {
    const model = `model-${made}`;
    await perToken(model, 0.5, 0.000001);
    // 1 * 0.5 / 1e6 is half a micro-USD, and 1 * 1e-6 / 1e6 a millionth of one.
    const units = { input_tokens: 1, output_tokens: 1 };
    expect((await verify({ model, units })).body.charged).toBe(0.000001);
    const many = { input_tokens: 2_000_000, output_tokens: 1 };
    expect((await verify({ model, units: many })).body.charged).toBe(1.000001);
    expect((await verify({ model, units: { requests: 0 } })).body.charged).toBe(0);
  });

  test("goes by the version in force at its moment, to the millisecond", async () => {
    await perRequest(skill, 1);
    const from = clock.nowMs() + minuteMs;
    await perRequest(skill, 2, { effective_from: new Date(from).toISOString() });
    clock.advance(from - clock.nowMs() - 1);
    expect((await verify({ skill, units: {} })).body.charged).toBe(1);
    clock.advance(1);
    expect((await verify({ skill, units: {} })).body.charged).toBe(2);
    expect(await proof()).toMatchObject({ valid: true, charges_by_price: 2, unexplained: [] });
  });

  test("goes by the most specific price", async () => {
    const [integration] = skill.split("/");
    const charged = async (asked: string) =>
      (await verify({ skill: asked, units: {} })).body.charged;
    await perRequest("*", 1);
    expect(await charged(skill)).toBe(1);
    await perRequest(`${integration}/*`, 2);
    expect(await charged(skill)).toBe(2);
    await perRequest(skill, 3);
    expect([await charged(skill), await charged(`${skill}#tool`)]).toEqual([3, 3]);
    await perRequest(`${skill}#tool`, 4);
    expect([await charged(skill), await charged(`${skill}#tool`)]).toEqual([3, 4]);
    expect(await charged(`${integration}/other`)).toBe(2);
    await app.manage("/prices/end", { body: { kind: "skill", subject: skill } });
    clock.advance(1);
    expect(await charged(skill)).toBe(2);
    await app.manage("/prices/end", { body: { kind: "skill", subject: "*" } });
    clock.advance(1);
    expect((await verify({ skill: "elsewhere/x", units: {} })).status).toBe(422);
  });

  test("of a model goes by the pattern with the most characters that matches", async () => {
    const name = `vendor-${made}`;
    const charged = async (model: string) =>
      (await verify({ model, units: { input_tokens: 1_000_000 } })).body.charged;
    await perToken(`${name}-*`, 1, 0);
    await perToken(`${name}-mini*`, 0.5, 0);
    await perToken(`${name}-mini-2`, 0.25, 0);
    expect(await charged(`${name}-large`)).toBe(1);
    expect(await charged(`${name}-mini-1`)).toBe(0.5);
    expect(await charged(`${name}-mini-2`)).toBe(0.25);
  });

  test("without a price in force is 422 and costs nothing", async () => {
    const answer = await verify({ skill, units: {} });
    expect(fault(answer)).toEqual([422, "price_not_found", "skill"]);
    expect(fault(await verify({ model: "none", units: {} }))).toEqual([
      422,
      "price_not_found",
      "model",
    ]);
    const { requests_total } = (await app.call("/key", { key: key.secret })).body;
    expect([requests_total, await balance()]).toEqual([1, 100]);
  });

  test("with units that do not fit is 422", async () => {
    await perRequest(skill, 1);
    const model = `big-${made}`;
    await perToken(model, 1e9, 1e9);
    const refused: [object, string][] = [
      [{ skill, units: {}, cost: 1 }, "units"],
      [{ units: {} }, "units"],
      [{ skill, model, units: {} }, "units"],
      [{ skill, units: { input_tokens: 1 } }, "units"],
      [{ skill, units: { requests: 1e12 } }, "units"],
      [{ model, units: { input_tokens: 1e12 } }, "units"],
      [{ skill, units: { requests: -1 } }, "units.requests"],
      [{ skill, units: { requests: 1.5 } }, "units.requests"],
      [{ skill, units: { requests: 1e12 + 1 } }, "units.requests"],
      [{ skill, units: { requests: "1" } }, "units.requests"],
      [{ skill, units: { requests: null } }, "units.requests"],
      [{ skill, units: { seconds: 1 } }, "units.seconds"],
    ];
    for (const [body, param] of refused) {
      const answer = await verify(body);
      expect([body, answer.status, answer.body.error?.param]).toEqual([body, 422, param]);
    }
    expect(await balance()).toBe(100);
  });

  test("is made once for each request, at the price of the first", async () => {
    const price = (await perRequest(skill, 1)).body;
    const once = { skill, units: {}, request_id: "r1" };
    await verify(once);
    await perRequest(skill, 5);
    const again = (await verify(once)).body;
    expect([again.charged, again.price_id]).toEqual([1, price.id]);
    await app.manage("/prices/end", { body: { kind: "skill", subject: skill } });
    clock.advance(1);
    expect((await verify(once)).body.charged).toBe(1);
    expect(await balance()).toBe(99);
  });

  test("costs the same when the request was held before, and the other way round", async () => {
    await perRequest(skill, 1);
    const once = { skill, request_id: "r1" };
    await hold({ ...once, max_units: { requests: 3 } });
    expect((await verify({ ...once, units: {} })).body.charged).toBe(1);
    await verify({ skill, request_id: "r2", cost: 2 });
    const held = (await hold({ skill, request_id: "r2", max_units: { requests: 4 } })).body.hold;
    expect(held.amount).toBe(4);
    expect((await manage(at("/credits"))).body).toMatchObject({ balance: 97, held: 7 });
  });

  test("changed beside credits that are added and charges by price: nobody waits for ever", async () => {
    await perRequest(skill, 0.001);
    const work = Array.from({ length: 12 }, (_, round) => [
      app.manage("/prices", {
        body: { kind: "skill", subject: `${skill}-${round}`, per_request: 1 },
      }),
      manage(at("/credits"), { body: { kind: "grant", amount: 1 } }),
      manage(at("/credits"), { method: "PATCH", body: { low_balance_threshold: round } }),
      ...Array.from({ length: 5 }, () => verify({ skill, units: {} })),
    ]).flat();
    const answers = await Promise.all(work);
    expect(answers.filter(({ status }) => status >= 300)).toEqual([]);
    expect(await balance()).toBe(100 + 12 - 0.06);
  });

  test("in a batch: the same Idempotency-Key charges once, and gets the same answer", async () => {
    const one = { key: key.secret, cost: 0.25 };
    const init = { headers: { "idempotency-key": "batch" }, body: { keys: [one, one] } };
    const first = await manage("/v1/keys/verify-batch", init);
    expect(first.headers.get("x-credits-charged")).toBe("0.5");
    expect(first.headers.get("x-credits-remaining")).toBe("99.5");
    const again = await manage("/v1/keys/verify-batch", init);
    expect([again.body, await balance()]).toEqual([first.body, 99.5]);
    const other = { ...init, body: { keys: [one] } };
    expect((await manage("/v1/keys/verify-batch", other)).status).toBe(422);
    // As after a crash: the charges are there and the answer is not.
    const client = openFile(app.paths.database, 1_000);
    await client.execute("DELETE FROM idempotent_answers");
    client.close();
    const healed = await manage("/v1/keys/verify-batch", init);
    expect([healed.status, healed.body.data[1].charged, await balance()]).toEqual([
      200, 0.25, 99.5,
    ]);
  });

  test("in a batch: a repeated request gets the same again when its price has ended", async () => {
    await perRequest(skill, 1);
    const once = { key: key.secret, skill, units: {}, request_id: "once" };
    expect((await manage("/v1/keys/verify", { body: once })).body.charged).toBe(1);
    clock.advance(1);
    await app.manage("/prices/end", { body: { kind: "skill", subject: skill } });
    clock.advance(1);
    const batch = (keys: object[]) => manage("/v1/keys/verify-batch", { body: { keys } });
    const repeated = await batch([once]);
    expect([repeated.status, repeated.body.data[0].charged]).toEqual([200, 1]);
    const another = await batch([once, { ...once, request_id: "another" }]);
    expect([another.status, another.body.error.param]).toEqual([422, "keys.1.skill"]);
    expect(await balance()).toBe(99);
  });

  test("in a batch: a price that is missing is 422 before anybody is charged", async () => {
    await perRequest(skill, 1);
    const good = { key: key.secret, skill, units: {} };
    const bad = { key: key.secret, skill: "nowhere/x", units: {} };
    const refused = await manage("/v1/keys/verify-batch", { body: { keys: [good, bad] } });
    expect(fault(refused)).toEqual([422, "price_not_found", "keys.1.skill"]);
    expect(await balance()).toBe(100);
    const { headers } = await manage("/v1/keys/verify-batch", { body: { keys: [good, good] } });
    expect(headers.get("x-credits-charged")).toBe("2");
    expect(await balance()).toBe(98);
  });

  test("over balance or limit says what was asked", async () => {
    await perRequest(skill, 60);
    expect((await verify({ skill, units: { requests: 2 } })).body).toMatchObject({
      valid: false,
      code: "INSUFFICIENT_CREDITS",
      price_id: null,
      shortage: { of: "credits", left: 100, asked: 120 },
    });
  });

  test("beside changes of its price: each is what its version says", async () => {
    await perRequest(skill, 0.01);
    const changes = async () => {
      for (let i = 1; i <= 10; i++) await perRequest(skill, 0.01 + i / 1_000);
    };
    const charges = Array.from({ length: 60 }, () => verify({ skill, units: {} }));
    await Promise.all([changes(), ...charges]);
    expect(await proof()).toMatchObject({ valid: true, charges_by_price: 60, unexplained: [] });
    for (const entry of await ledger()) {
      if (entry.kind !== "charge") continue;
      const price = (await app.manage(`/prices/${entry.price_id}`)).body;
      expect(price.per_request).toBe(-entry.amount);
      expect(price.effective_from <= entry.at).toBe(true);
      expect(price.effective_until === null || entry.at < price.effective_until).toBe(true);
    }
  });
});

describe("a hold by price", () => {
  test("reserves the most, and is settled at the price of its admission", async () => {
    const model = `gpt-${made}`;
    const price = (await perToken(model, 2, 8)).body;
    const held = (
      await hold({ model, max_units: { input_tokens: 1_000_000, output_tokens: 1_000_000 } })
    ).body;
    expect(held.hold).toMatchObject({ amount: 10, price_id: price.id });
    await perToken(model, 100, 100);
    const units = { input_tokens: 500_000, output_tokens: 250_000 };
    const { body, headers } = await settle(held.hold.id, { units });
    expect([body.charged, body.remaining_credits]).toEqual([3, 97]);
    expect(headers.get("x-credits-charged")).toBe("3");
    expect(headers.get("x-credits-remaining")).toBe("97");
    const [entry] = await ledger();
    expect(entry).toMatchObject({ price_id: price.id, units: { requests: 1, ...units } });
    expect((await proof()).valid).toBe(true);
  });

  test("of an amount can be settled by units too, and the other way round", async () => {
    await perRequest(skill, 0.5);
    const one = (await hold({ skill, max_cost: 5 })).body.hold;
    expect((await settle(one.id, { units: { requests: 4 } })).body.charged).toBe(2);
    const two = (await hold({ skill, max_units: { requests: 10 } })).body.hold;
    expect((await settle(two.id, { cost: 1.25 })).body.charged).toBe(1.25);
    expect((await ledger())[0].price_id).toBeNull();
    expect((await proof()).valid).toBe(true);
  });

  test("without a price, or with what does not fit, is 422 and stays open", async () => {
    const plain = (await hold({ skill, max_cost: 5 })).body.hold;
    expect(plain.price_id).toBeNull();
    expect(fault(await settle(plain.id, { units: {} }))).toEqual([422, "price_not_found", "units"]);
    expect(fault(await hold({ skill, max_units: {} }))).toEqual([422, "price_not_found", "skill"]);
    await perRequest(skill, 1);
    const { id } = (await hold({ skill, max_cost: 5 })).body.hold;
    const settled: [object, string][] = [
      [{}, ""],
      [{ cost: 1, units: {} }, "units"],
      [{ units: { output_tokens: 1 } }, "units"],
      [{ units: { requests: 1e12 } }, "units"],
      [{ cost: -1 }, "cost"],
      [{ cost: "1" }, "cost"],
      [{ cost: 0.0000001 }, "cost"],
    ];
    for (const [body, param] of settled) {
      const answer = await settle(id, body);
      expect([body, answer.status]).toEqual([body, 422]);
      if (param !== "") expect(answer.body.error.param).toBe(param);
    }
    const held: [object, string][] = [
      [{ skill }, "max_cost"],
      [{ skill, max_cost: 1, max_units: {} }, "max_units"],
      [{ max_units: {} }, "max_units"],
    ];
    for (const [body, param] of held) {
      expect([body, ...fault(await hold(body))]).toEqual([body, 422, "validation_failed", param]);
    }
    expect((await manage(`/v1/holds/${id}`)).body.state).toBe("open");
  });

  test("that comes to more than was held is charged if there is more, else 402", async () => {
    await perRequest(skill, 1);
    const { id } = (await hold({ skill, max_units: { requests: 2 } })).body.hold;
    const over = await settle(id, { units: { requests: 101 } });
    expect([over.status, over.body.error.shortage]).toEqual([
      402,
      { of: "credits", left: 100, asked: 101 },
    ]);
    expect((await settle(id, { units: { requests: 100 } })).body.charged).toBe(100);
  });
});

describe("X-Credits-Charged", () => {
  test("says what a call cost, on the stored answer too, and is absent when it cost nothing", async () => {
    const send = (body: object, headers = {}) =>
      manage("/v1/keys/verify", { body: { key: key.secret, ...body }, headers });
    const idempotent = { "idempotency-key": `charge ${made}` };
    const first = await send({ cost: 0.000001 }, idempotent);
    const again = await send({ cost: 0.000001 }, idempotent);
    for (const { headers } of [first, again]) {
      expect(headers.get("x-credits-charged")).toBe("0.000001");
      expect(headers.get("x-credits-remaining")).toBe("99.999999");
    }
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    const costless = [await send({}), await send({ cost: 0 }), await send({ cost: 1_000 })];
    for (const { headers } of costless) expect(headers.get("x-credits-charged")).toBeNull();
    const { headers, body } = await hold({ max_cost: 1 });
    expect(headers.get("x-credits-charged")).toBeNull();
    expect(headers.get("x-credits-remaining")).toBe("98.999999");
    const nothing = await settle(body.hold.id, { cost: 0 });
    expect(nothing.headers.get("x-credits-charged")).toBeNull();
    expect(nothing.headers.get("x-credits-remaining")).toBe("99.999999");
  });
});

test("prices and their charges are there after a restart", async () => {
  const folderApp = await startTestApp({ clock: new TestClock() });
  const price = await folderApp.manage("/prices", {
    body: { kind: "skill", subject: "github/x", per_request: 0.5 },
  });
  await folderApp.stop({ keepFolder: true });
  const again = await startTestApp({ clock: new TestClock(), folder: folderApp.folder });
  const { secret } = await again.newKey();
  await again.manage("/organizations/default/credits", { body: { kind: "grant", amount: 1 } });
  const { body } = await again.manage("/v1/keys/verify", {
    body: { key: secret, skill: "github/x", units: {} },
  });
  expect([body.charged, body.price_id]).toEqual([0.5, price.body.id]);
  await again.stop();
});

test("a ledger whose amount is not what its price says is found out", async () => {
  await perRequest(skill, 1);
  await verify({ skill, units: {} });
  expect((await proof()).valid).toBe(true);
  const [{ id }] = await ledger();
  const { $client } = app.services.db.write;
  const trigger = await $client.execute(
    "SELECT sql FROM sqlite_master WHERE name = 'ledger_update'",
  );
  await $client.execute("DROP TRIGGER ledger_update");
  const change = (requests: number) =>
    $client.execute({
      sql: "UPDATE ledger SET units = json_set(units, '$.requests', ?) WHERE id = ?",
      args: [requests, id],
    });
  await change(2);
  expect(await proof()).toMatchObject({ valid: false, charges_by_price: 1, unexplained: [id] });
  await change(1);
  await $client.execute(String(trigger.rows[0]?.["sql"]));
  expect((await proof()).valid).toBe(true);
});
