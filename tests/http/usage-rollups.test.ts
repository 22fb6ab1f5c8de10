import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Client } from "@libsql/client/sqlite3";
import { drizzle } from "drizzle-orm/libsql/sqlite3";
import { dayMs, hourMs, minuteMs } from "../../src/core/clock.ts";
import { usageDimensions, usageIntervalMs, usageIntervals } from "../../src/core/usage.ts";
import type { Database } from "../../src/db/client.ts";
import type { KeyWithSecret } from "../../src/keys/key-schemas.ts";
import { UsageRoller } from "../../src/usage/roller.ts";
import { findUsageFault } from "../../src/usage/usage-proof-store.ts";
import { Random } from "../bank/random.ts";
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
  await app.services.roller.stop();
});
afterAll(() => app.stop());

const newOrganization = async () => {
  organization = await addOrganization(app, `rollups-${++made}`);
  await manage(`/organizations/${organization}/credits`, {
    body: { kind: "grant", amount: 1_000 },
  });
};
const manage = (path: string, init: object = {}) =>
  app.manage(path, { headers: { "tollgate-organization": organization }, ...init });
const newKey = async (fields: object = {}): Promise<KeyWithSecret> => {
  const limits = { requests_per_minute: 100_000, requests_per_day: 1_000_000 };
  return (await manage("/api-keys", { body: { label: "x", limits, ...fields } })).body;
};
const charge = async (key: KeyWithSecret, cost: number, subject?: string) => {
  const body = { key: key.secret, cost, ...(subject === undefined ? {} : { subject }) };
  const answer = (await manage("/v1/keys/verify", { body })).body;
  if (answer.charged !== cost) throw new Error(JSON.stringify(answer));
};
const rows = async (query: string) => {
  const { status, body } = await manage(`/usage/export?${query}`);
  if (status !== 200) throw new Error(JSON.stringify(body));
  return body
    .split("\n")
    .filter(Boolean)
    .map((line: string) => JSON.parse(line));
};
const roller = (db: Database = app.services.db, keptDays = { minute: 366, hour: 366, day: 730 }) =>
  new UsageRoller({ db, clock, log: app.services.log, keptDays });
const iso = (ms: number) => encodeURIComponent(new Date(ms).toISOString());
const execute = (statement: string) => app.services.db.write.$client.execute(statement);

/** The same database, whose batch number `failing` is answered with an error; before or after it took place. */
function failingDatabase(failing: number, when: "before" | "after"): Database {
  const real = app.services.db;
  let batches = 0;
  const client = new Proxy(real.write.$client, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (name !== "batch") return typeof value === "function" ? value.bind(target) : value;
      return async (...args: unknown[]) => {
        const isFailing = ++batches === failing;
        if (isFailing && when === "before") throw new Error("disk I/O error");
        const result = await value.apply(target, args);
        if (isFailing) throw new Error("disk I/O error");
        return result;
      };
    },
  }) as Client;
  return { ...real, write: drizzle({ client }) };
}

interface Used {
  atMs: number;
  key: string;
  workspace: string;
  user: string | null;
  subject: string | null;
  status: string;
  micros: number;
}

const fieldOf = { key: "key_id", workspace: "workspace_id", user: "user_id" } as const;

/** What the answer has to be, from what was charged. */
function modelOf(used: readonly Used[], interval: string, groupBy: readonly string[]) {
  const sums = new Map<string, { requests: number; charges: number; micros: number }>();
  for (const one of used) {
    const unitMs = interval === "none" ? undefined : usageIntervalMs[interval as "day"];
    const start = unitMs === undefined ? [] : [["start", toIso(one.atMs - (one.atMs % unitMs))]];
    const groups = groupBy.map((name) => [fieldOf[name as "key"] ?? name, one[name as keyof Used]]);
    const place = JSON.stringify(Object.fromEntries([...start, ...groups]));
    const sum = sums.get(place) ?? { requests: 0, charges: 0, micros: 0 };
    sum.requests++;
    sum.charges++;
    sum.micros += one.micros;
    sums.set(place, sum);
  }
  return [...sums].map(([place, { micros, ...counts }]) =>
    JSON.stringify({ ...JSON.parse(place), ...counts, cost: micros / 1e6 }),
  );
}

const toIso = (ms: number) => new Date(ms).toISOString();

describe("random charges", () => {
  test("over minutes, hours and days are what each interval and each group adds up to", async () => {
    const seed = crypto.getRandomValues(new Uint32Array(1))[0] ?? 1;
    console.log(`seed ${seed}`);
    const random = new Random(seed);
    await newOrganization();
    const { id: workspace_id } = (
      await manage("/workspaces", { body: { slug: "second", name: "Second" } })
    ).body;
    const keys = [await newKey(), await newKey(), await newKey({ workspace_id })];
    const used: Used[] = [];
    const fromMs = clock.nowMs();
    while (used.length < 200) {
      const dice = random.next();
      if (dice < 0.05) clock.advance(random.integer(0, dayMs));
      else if (dice < 0.2) clock.advance(random.integer(0, hourMs));
      else if (dice < 0.5) clock.advance(random.integer(0, 2 * minuteMs));
      else if (dice < 0.55) await roller().roll();
      const key = random.pick(keys);
      const subject = random.pick(["a", "b", ""]) || undefined;
      const micros = random.integer(1, 1_000_000);
      if (clock.nowMs() - fromMs > 6 * dayMs) break;
      await charge(key, micros / 1e6, subject);
      used.push({
        ...{ atMs: clock.nowMs(), micros, subject: subject ?? null, status: "ok" },
        ...{ key: key.id, workspace: key.workspace_id, user: null },
      });
    }
    const span = `from=${iso(fromMs)}&to=${iso(clock.nowMs() + 1)}`;
    for (let mask = 0; mask < 2 ** usageDimensions.length; mask++) {
      const groupBy = usageDimensions.filter((_, at) => (mask >> at) % 2 === 1);
      for (const interval of [...usageIntervals, "none"]) {
        const query = `${span}&interval=${interval}${mask === 0 ? "" : `&group_by=${groupBy}`}`;
        const found = (await rows(query)).map((row: object) => JSON.stringify(row));
        expect(found.toSorted()).toEqual(modelOf(used, interval, groupBy).toSorted());
      }
    }
    expect(await findUsageFault(app.services.db)).toBeUndefined();
    await roller().roll();
    expect(await findUsageFault(app.services.db)).toBeUndefined();
  });
});

describe("the roller", () => {
  test.each(["before", "after"] as const)(
    "adds each charge once when a transaction fails %s it took place",
    async (when) => {
      await newOrganization();
      const key = await newKey();
      for (let at = 0; at < 3; at++) {
        await Promise.all(Array.from({ length: 70 }, () => charge(key, 0.001)));
      }
      const failing = roller(failingDatabase(2, when));
      await failing.forget();
      const error = await failing.roll().then(
        () => undefined,
        (thrown) => thrown,
      );
      expect(String(error)).toContain("disk I/O error");
      expect(await rows("interval=none")).toMatchObject([{ charges: 210, cost: 0.21 }]);
      await failing.roll();
      expect(failing.lag).toBe(0);
      expect(await rows("interval=none")).toMatchObject([{ charges: 210, cost: 0.21 }]);
      expect(await findUsageFault(app.services.db)).toBeUndefined();
    },
  );

  test("runs by itself in a server, and its figures are among the metrics", async () => {
    const other = await startTestApp({ clock: new TestClock() });
    const body = { kind: "grant", amount: 1 };
    await other.manage("/organizations/default/credits", { body });
    const key = await other.newKey();
    await other.manage("/v1/keys/verify", { body: { key: key.secret, cost: 0.5 } });
    while (other.services.roller.rolled < 2) await Bun.sleep(20);
    const metrics = (await other.manage("/metrics")).body;
    expect(metrics).toContain("tollgate_usage_rolled_total 2");
    expect(metrics).toContain("tollgate_usage_lag 0");
    await other.stop();
  });
});

describe("retention", () => {
  test("removes what is older than its rule, and nothing brings it back", async () => {
    await newOrganization();
    const key = await newKey();
    const keptDays = { minute: 1, hour: 3, day: 5 };
    const kept = () => roller(app.services.db, keptDays);
    clock.advance(dayMs - (clock.nowMs() % dayMs) + hourMs);
    const firstMs = clock.nowMs();
    await charge(key, 1);
    await kept().roll();
    clock.advance(2 * dayMs);
    await charge(key, 2);
    const costs = async (interval: string) =>
      (await rows(`interval=${interval}&from=${iso(clock.nowMs() - 6 * dayMs)}`)).map(
        ({ cost }: { cost: number }) => cost,
      );
    const stored = async () =>
      (
        await execute(
          `SELECT interval, count(*) AS n FROM usage_rollups WHERE organization_id = '${organization}' GROUP BY 1`,
        )
      ).rows.map((row) => [row["interval"], row["n"]]);
    // The charge of two days ago is older than minutes are kept; that of now is in the ledger alone.
    await kept().forget();
    for (const isRolled of [false, true]) {
      if (isRolled) await kept().roll();
      expect([await costs("minute"), await costs("hour"), await costs("day")]).toEqual([
        [2],
        [1, 2],
        [1, 2],
      ]);
    }
    expect(await stored()).toEqual([
      ["day", 2],
      ["hour", 2],
      ["minute", 1],
    ]);
    expect(await findUsageFault(app.services.db)).toBeUndefined();
    // Long after, with a charge that was never rolled up: it is too old for minutes and hours by then.
    await charge(key, 4);
    clock.advance(4 * dayMs);
    await kept().roll();
    expect([await costs("minute"), await costs("hour"), await costs("day")]).toEqual([[], [], [6]]);
    expect(await stored()).toEqual([["day", 1]]);
    const { body } = await manage(`/usage?interval=minute&from=${iso(clock.nowMs() - 3 * dayMs)}`);
    expect(Date.parse(body.from)).toBe(clock.nowMs() - dayMs);
    expect(await findUsageFault(app.services.db)).toBeUndefined();
    expect(firstMs).toBeLessThan(clock.nowMs());
  });

  test("forgives a clock that was years ahead", async () => {
    await newOrganization();
    const key = await newKey();
    clock.step(10 * 365 * dayMs);
    await roller().forget();
    clock.step(-10 * 365 * dayMs);
    await charge(key, 1);
    expect(await rows("interval=hour")).toEqual([]);
    await roller().forget();
    clock.advance(dayMs);
    await charge(key, 2);
    for (const interval of usageIntervals) {
      expect(await rows(`interval=${interval}`)).toMatchObject([{ cost: 2 }]);
    }
    await roller().roll();
    expect(await findUsageFault(app.services.db)).toBeUndefined();
  });
});

describe("proof", () => {
  test("a rollup that was falsified, lost or invented is found", async () => {
    await newOrganization();
    const key = await newKey();
    await charge(key, 1);
    await roller().roll();
    const valid = async () =>
      (await manage(`/organizations/${organization}/ledger/verify`)).body.usage_valid;
    const of = `organization_id = '${organization}' AND interval =`;
    expect(await valid()).toBe(true);
    await execute(`UPDATE usage_rollups SET cost_micros = cost_micros + 1 WHERE ${of} 'hour'`);
    expect(await valid()).toBe(false);
    expect(await findUsageFault(app.services.db)).toMatchObject({
      organizationId: organization,
      interval: "hour",
      keyId: key.id,
      extraCharges: 0,
      extraMicros: 1,
    });
    await execute(`UPDATE usage_rollups SET cost_micros = cost_micros - 1 WHERE ${of} 'hour'`);
    expect(await valid()).toBe(true);
    await execute(`UPDATE usage_rollups SET key_id = 'key_x' WHERE ${of} 'minute'`);
    expect(await valid()).toBe(false);
    await execute(`UPDATE usage_rollups SET key_id = '${key.id}' WHERE ${of} 'minute'`);
    await execute(`UPDATE usage_cursor SET ledger_sequence = ledger_sequence - 1`);
    expect(await valid()).toBe(false);
    await execute(`UPDATE usage_cursor SET ledger_sequence = ledger_sequence + 1`);
    await execute(`DELETE FROM usage_rollups WHERE ${of} 'day'`);
    expect(await valid()).toBe(false);
  });
});
