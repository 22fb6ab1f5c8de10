import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { dayMs, hourMs, minuteMs } from "../../src/core/clock.ts";
import type { KeyWithSecret } from "../../src/keys/key-schemas.ts";
import { UsageRoller } from "../../src/usage/roller.ts";
import { addOrganization, addPerson } from "../support/people.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { TestClock } from "../support/test-clock.ts";

let app: TestApp;
let clock: TestClock;
let organization: string;
let made = 0;

beforeAll(async () => {
  clock = new TestClock();
  app = await startTestApp({ clock });
  await app.services.roller.stop();
});
afterAll(() => app.stop());
beforeEach(async () => {
  organization = await addOrganization(app, `usage-${++made}`);
  await manage(`/organizations/${organization}/credits`, {
    body: { kind: "grant", amount: 1_000 },
  });
});

const keptDays = { minute: 2, hour: 90, day: 730 };
const newRoller = () =>
  new UsageRoller({ db: app.services.db, clock, log: app.services.log, keptDays });

const manage = (path: string, init: object = {}) =>
  app.manage(path, { headers: { "tollgate-organization": organization }, ...init });
const newKey = async (fields: object = {}): Promise<KeyWithSecret> => {
  const limits = { requests_per_minute: 100_000, requests_per_day: 1_000_000 };
  return (await manage("/api-keys", { body: { label: "x", limits, ...fields } })).body;
};
const verify = async (key: KeyWithSecret, body: object = {}) =>
  (await manage("/v1/keys/verify", { body: { key: key.secret, ...body } })).body;
const usage = async (query = "") => {
  const { status, body } = await manage(`/usage?${query}`);
  if (status !== 200) throw new Error(JSON.stringify(body));
  return body;
};
const rows = async (query = "") => (await usage(query)).data;
const total = async (query = "") => (await rows(`interval=none&${query}`))[0];
const verifyLedger = async () =>
  (await manage(`/organizations/${organization}/ledger/verify`)).body;

describe("charges", () => {
  test("show in every interval as soon as they are answered, and once they are rolled up too", async () => {
    const key = await newKey();
    await verify(key, { cost: 1.5, subject: "gpt-5" });
    await verify(key, { cost: 2, subject: "gpt-5" });
    const expected = { requests: 2, charges: 2, cost: 3.5 };
    for (const isRolled of [false, true]) {
      if (isRolled) await newRoller().roll();
      for (const interval of ["minute", "hour", "day", "none"]) {
        const data = await rows(`interval=${interval}`);
        expect(data).toHaveLength(1);
        expect(data[0]).toMatchObject(expected);
      }
    }
    await verify(key, { cost: 1 });
    expect(await total()).toEqual({ requests: 3, charges: 3, cost: 4.5 });
    expect((await verifyLedger()).usage_valid).toBe(true);
  });

  test("are added once by two rollers that run at the same time", async () => {
    const key = await newKey();
    for (let at = 0; at < 5; at++) {
      const verdicts = Array.from({ length: 60 }, () => verify(key, { cost: 0.01 }));
      await Promise.all(verdicts);
    }
    const [one, other] = [newRoller(), newRoller()];
    await Promise.all([one.roll(), other.roll(), one.roll()]);
    expect(one.lag).toBe(0);
    expect(await total()).toEqual({ requests: 300, charges: 300, cost: 3 });
    expect((await verifyLedger()).usage_valid).toBe(true);
  });

  test("of a settled hold are used when they are settled; grants and released holds are no usage", async () => {
    const key = await newKey();
    const hold = async () =>
      (await manage("/v1/holds", { body: { key: key.secret, max_cost: 1, subject: "s" } })).body;
    const [settled, released] = [await hold(), await hold()];
    await manage(`/v1/holds/${settled.hold.id}/settle`, { body: { cost: 0.25 } });
    await manage(`/v1/holds/${released.hold.id}/release`, { method: "POST" });
    await newRoller().roll();
    expect(await rows("interval=none&group_by=subject")).toEqual([
      { subject: "s", requests: 2, charges: 1, cost: 0.25 },
    ]);
  });

  test("take the skill or the model for their subject when none is named", async () => {
    const key = await newKey({ scopes: ["*"] });
    await verify(key, { cost: 1, model: "gpt-5" });
    await verify(key, { cost: 2, skill: "github/create-issue", model: "gpt-5" });
    await verify(key, { cost: 4, skill: "github/create-issue", subject: "own" });
    const data = await rows("interval=none&group_by=subject");
    expect(
      data.map(({ subject, cost }: { subject: string; cost: number }) => [subject, cost]),
    ).toEqual([
      ["github/create-issue", 2],
      ["gpt-5", 1],
      ["own", 4],
    ]);
  });
});

describe("groups and filters", () => {
  test("break usage down by key, workspace, user, subject and status, and by several", async () => {
    const person = await addPerson(app, { role: "member", organization });
    const workspace = (await manage("/workspaces", { body: { slug: "two", name: "Two" } })).body;
    const service = await newKey({ workspace_id: workspace.id });
    const own = (await person.call("/api-keys", { body: { label: "o", type: "user" } })).body;
    await verify(service, { cost: 1, subject: "a" });
    await verify(service, { cost: 2, subject: "b" });
    await verify(own, { cost: 4, subject: "a" });
    await verify(own, { cost: 5_000, subject: "a" });
    const costs = async (query: string, field: string) =>
      Object.fromEntries(
        (await rows(`interval=none&${query}`)).map((row: Record<string, unknown>) => [
          row[field],
          row["cost"],
        ]),
      );
    for (const isRolled of [false, true]) {
      if (isRolled) await newRoller().roll();
      expect(await costs("group_by=key&status=ok", "key_id")).toEqual({
        [service.id]: 3,
        [own.id]: 4,
      });
      expect(await costs("group_by=workspace", "workspace_id")).toMatchObject({
        [workspace.id]: 3,
      });
      expect(await costs("group_by=user&status=ok", "user_id")).toEqual({
        null: 3,
        [person.id]: 4,
      });
      expect(await costs("group_by=subject", "subject")).toEqual({ a: 5, b: 2 });
      expect(await costs("group_by=status", "status")).toEqual({ ok: 7, insufficient_credits: 0 });
      expect(await rows("interval=none&group_by=subject,key&subject=a&status=ok")).toEqual(
        [
          { subject: "a", key_id: service.id, requests: 1, charges: 1, cost: 1 },
          { subject: "a", key_id: own.id, requests: 1, charges: 1, cost: 4 },
        ].toSorted((one, other) => (one.key_id < other.key_id ? -1 : 1)),
      );
      expect(await total(`key_id=${own.id}&status=ok`)).toMatchObject({ cost: 4 });
      expect(await total(`workspace_id=${workspace.id}`)).toMatchObject({ cost: 3 });
      expect(await total(`user_id=${person.id}&status=ok`)).toMatchObject({ charges: 1, cost: 4 });
    }
  });

  test("show an organization its own usage alone, whatever ids it names", async () => {
    const key = await newKey();
    await verify(key, { cost: 1 });
    const other = await addOrganization(app, `usage-${++made}`);
    const person = await addPerson(app, { role: "viewer", organization: other });
    for (const query of ["", `key_id=${key.id}`, "group_by=key&interval=none"]) {
      expect((await person.call(`/usage?${query}`)).body.data).toEqual([]);
      expect((await person.call(`/usage/export?${query}`)).body).toBe("");
    }
    expect((await person.call(`/organizations/${organization}/usage`)).status).toBe(404);
    expect((await person.call(`/organizations/${other}/usage`)).status).toBe(200);
    expect(await rows(`key_id=${key.id}`)).toHaveLength(1);
  });
});

describe("requests", () => {
  test("are counted by what became of them, refusals too, and what is only asked is not", async () => {
    const limits = { requests_per_minute: 3, requests_per_day: 100 };
    const key = await newKey({ limits, scopes: ["discover"] });
    await app.call("/key", { key: key.secret });
    await app.call("/key", { key: key.secret });
    await verify(key, { scopes: ["execute"], skill: "github/x" });
    await verify(key, { consume: false });
    await verify(key, { cost: 100_000 });
    await app.call("/key?cost=100000", { key: key.secret });
    await verify(key);
    await verify(key);
    await app.call("/key", { key: key.secret });
    const byStatus = async () =>
      Object.fromEntries(
        (await rows(`interval=none&group_by=status&key_id=${key.id}`)).map(
          ({ status, requests }: { status: string; requests: number }) => [status, requests],
        ),
      );
    expect(await byStatus()).toEqual({
      ok: 3,
      insufficient_scope: 1,
      insufficient_credits: 2,
      rate_limit_exceeded: 2,
    });
    await manage(`/api-keys/${key.id}`, { method: "DELETE" });
    await app.call("/key", { key: key.secret });
    expect(await byStatus()).toMatchObject({ revoked: 1 });
    expect(await rows("interval=none&group_by=subject&status=insufficient_scope")).toEqual([
      { subject: "github/x", requests: 1, charges: 0, cost: 0 },
    ]);
  });

  test("belong to the minute in which they came", async () => {
    const key = await newKey();
    const call = () => app.call("/key", { key: key.secret });
    clock.advance(minuteMs - (clock.nowMs() % minuteMs));
    await call();
    await call();
    clock.advance(minuteMs);
    await call();
    const data = await rows(`interval=minute&key_id=${key.id}`);
    expect(data.map(({ requests }: { requests: number }) => requests)).toEqual([2, 1]);
  });

  test("about more names than the bound are counted without", async () => {
    const key = await newKey();
    const models = Array.from({ length: 105 }, (_, at) => `model-${at}`);
    for (const model of models) await app.call(`/key?model=${model}`, { key: key.secret });
    const data = [];
    for (let cursor = ""; ; ) {
      const page = await usage(`interval=none&group_by=subject&limit=100&status=ok${cursor}`);
      data.push(...page.data);
      if (page.next_cursor === null) break;
      cursor = `&cursor=${page.next_cursor}`;
    }
    const plain = data.find(({ subject }) => subject === null);
    expect([data.length, plain.requests]).toEqual([101, 5]);
  });
});

describe("spans", () => {
  test("go from bucket to bucket, and the answer says which", async () => {
    const key = await newKey();
    clock.advance(dayMs - (clock.nowMs() % dayMs) + 10 * hourMs);
    await verify(key, { cost: 1 });
    const today = clock.nowMs() - (clock.nowMs() % dayMs);
    const iso = (ms: number) => new Date(ms).toISOString();
    const moment = encodeURIComponent(iso(today + 3 * hourMs + 1));
    expect(await usage(`from=${moment}&to=${moment}`)).toMatchObject({
      from: iso(today),
      to: iso(today + dayMs),
      data: [{ cost: 1, start: iso(today) }],
    });
    expect(await usage()).toMatchObject({ from: iso(today - 29 * dayMs), to: iso(today + dayMs) });
    expect(await usage("interval=hour")).toMatchObject({ to: iso(today + 11 * hourMs) });
    const before = encodeURIComponent(iso(today + 10 * hourMs));
    expect((await usage(`interval=none&to=${before}`)).data).toEqual([]);
    expect((await usage(`interval=none&from=${before}`)).data).toMatchObject([{ cost: 1 }]);
  });

  test("that are none, or have too many buckets, are refused", async () => {
    const refused = async (query: string, param: string) => {
      const { status, body } = await manage(`/usage?${query}`);
      expect([query, status, body.error?.param]).toEqual([query, 422, param]);
      expect((await manage(`/usage/export?${query}`)).status).toBe(422);
    };
    await refused("from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z", "from");
    await refused("from=2020-03-02T00:00:00Z&interval=minute", "from");
    await refused("from=yesterday", "from");
    await refused("to=2026-02-30T00:00:00Z", "to");
    await refused("group_by=key,key", "group_by");
    await refused("group_by=label", "group_by");
    await refused("interval=week", "interval");
    await refused("status=OK!", "status");
    for (const cursor of ["x", Buffer.from('["usage day ",1,"[]"]').toString("base64url")]) {
      expect((await manage(`/usage?cursor=${cursor}`)).status).toBe(422);
    }
    const other = Buffer.from('["usage day key",0,"[1,2,3]"]').toString("base64url");
    expect((await manage(`/usage?group_by=key&cursor=${other}`)).status).toBe(422);
    for (const start of ["-1e300", "-1e999", "0.5"]) {
      const far = Buffer.from(`["usage day ",0,"[86400000,${start}]"]`).toString("base64url");
      expect((await manage(`/usage?cursor=${far}`)).status).toBe(422);
    }
  });
});

describe("pages", () => {
  test("hold every group once, whatever their size, while charges go on and are rolled up", async () => {
    const keys = await Promise.all(Array.from({ length: 7 }, () => newKey()));
    for (let day = 0; day < 3; day++) {
      await Promise.all(
        keys.flatMap((key) => ["a", "é", ""].map((subject) => verify(key, subjectOf(subject)))),
      );
      clock.advance(dayMs);
    }
    const roller = newRoller();
    for (const limit of [1, 5, 63, 100]) {
      const seen: string[] = [];
      for (let cursor = ""; ; ) {
        const page = await usage(`group_by=key,subject&limit=${limit}${cursor}`);
        expect(page.data.length).toBeLessThanOrEqual(limit);
        for (const { start, key_id, subject } of page.data)
          seen.push(`${start} ${key_id} ${subject}`);
        if (page.next_cursor === null) break;
        cursor = `&cursor=${page.next_cursor}`;
        if (seen.length === 10) await roller.roll();
      }
      expect(seen).toHaveLength(63);
      expect(new Set(seen).size).toBe(63);
    }
    const lines = (await manage("/usage/export?group_by=key,subject")).body.trim().split("\n");
    expect(lines).toHaveLength(63);
    const csv = (await manage("/usage/export?group_by=subject&interval=none&format=csv")).body;
    expect(csv).toBe(
      "subject,requests,charges,cost\r\n,21,21,0.21\r\na,21,21,0.21\r\né,21,21,0.21\r\n",
    );
  });
});

const subjectOf = (subject: string) => ({ cost: 0.01, ...(subject === "" ? {} : { subject }) });
