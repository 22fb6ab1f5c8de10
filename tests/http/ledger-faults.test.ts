import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Client } from "@libsql/client/sqlite3";
import { drizzle } from "drizzle-orm/libsql/sqlite3";
import { Ledger } from "../../src/credits/ledger.ts";
import { charge } from "../../src/credits/movements.ts";
import { type Database, openFile } from "../../src/db/client.ts";
import { WindowClock } from "../../src/limits/window-clock.ts";
import { addOrganization } from "../support/people.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";

let app: TestApp;
let keyId: string;

beforeAll(async () => {
  app = await startTestApp();
  keyId = (await app.newKey()).id;
  const body = { kind: "grant", amount: 100 };
  await app.manage("/organizations/default/credits", { body });
});
afterAll(() => app.stop());

/** The same database, whose call number `failing` is answered with an error; before or after it took place. */
function failingDatabase(
  failing: number,
  when: "before" | "after",
  { onwards = false } = {},
): Database & { calls: number } {
  const real = app.services.db;
  const counter = { calls: 0 };
  const wrap = (client: Client): Client =>
    new Proxy(client, {
      get(target, name) {
        const value = Reflect.get(target, name, target);
        if (name !== "execute" && name !== "batch") return value;
        return async (...args: unknown[]) => {
          counter.calls++;
          const isFailing =
            failing > 0 && (onwards ? counter.calls >= failing : counter.calls === failing);
          if (isFailing && when === "before") throw new Error("disk I/O error");
          const result = await value.apply(target, args);
          if (isFailing) throw new Error("disk I/O error");
          return result;
        };
      },
    });
  return Object.assign(counter, {
    ...real,
    lookup: drizzle({ client: wrap(real.lookup.$client) }),
    write: drizzle({ client: wrap(real.write.$client) }),
  });
}

function ledgerOver(db: Database): Ledger {
  return new Ledger({
    db,
    clock: app.clock,
    windowClock: new WindowClock(app.clock),
    limitsVersion: () => app.services.liveKeys.version,
  });
}

function chargeOnce(ledger: Ledger, requestId: string): Promise<unknown> {
  const request = { keyId, requestId, attempt: 1, subject: null };
  return ledger.move({
    about: { keyId, request },
    apply: (state, at) => charge(state, request, { micros: 1_000_000, at }),
  });
}

/** A charge that no id tells from another. */
function chargeUnnamed(ledger: Ledger): Promise<unknown> {
  const request = { keyId, requestId: crypto.randomUUID(), attempt: 1, subject: null };
  return ledger.move({
    about: { keyId },
    apply: (state, at) => charge(state, request, { micros: 1_000_000, at }),
  });
}

/** How many calls a charge without a name makes; the last of them is the commit. */
async function countedCalls(): Promise<{ calls: number }> {
  const counting = failingDatabase(0, "after");
  await chargeUnnamed(ledgerOver(counting));
  return counting;
}

/** `expect().rejects` holds the event loop up, on which the answer of a database thread comes. */
function errorOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

async function entriesOf(requestId: string): Promise<number> {
  const { data } = (await app.manage("/organizations/default/ledger?limit=100")).body;
  return data.filter((entry: { request_id: string }) => entry.request_id === requestId).length;
}

const isProven = async () =>
  (await app.manage("/organizations/default/ledger/verify")).body.valid as boolean;

describe("a charge, with each call of the database failing in turn", () => {
  test("is an error and no charge when the call did not take place", async () => {
    const counting = failingDatabase(0, "before");
    await chargeOnce(ledgerOver(counting), "counted");
    expect(counting.calls).toBeGreaterThan(3);
    for (let failing = 1; failing <= counting.calls; failing++) {
      const requestId = `before ${failing}`;
      const ledger = ledgerOver(failingDatabase(failing, "before"));
      expect(await errorOf(chargeOnce(ledger, requestId))).toBeInstanceOf(Error);
      expect([failing, await entriesOf(requestId), await isProven()]).toEqual([failing, 0, true]);
    }
  });

  test("is an error and no charge, or a charge and its answer, when the answer of a call was lost", async () => {
    const counting = failingDatabase(0, "after");
    await chargeOnce(ledgerOver(counting), "counted again");
    for (let failing = 1; failing <= counting.calls; failing++) {
      const requestId = `after ${failing}`;
      const ledger = ledgerOver(failingDatabase(failing, "after"));
      const error = await errorOf(chargeOnce(ledger, requestId));
      const isCharged = failing === counting.calls;
      expect([failing, error === undefined]).toEqual([failing, isCharged]);
      expect([await entriesOf(requestId), await isProven()]).toEqual([isCharged ? 1 : 0, true]);
    }
  });

  test("of a batch whose commit's answer was lost is made once, also without a request id", async () => {
    const { calls } = await countedCalls();
    const ledger = ledgerOver(failingDatabase(calls, "after"));
    const before = (await app.manage("/organizations/default/credits")).body.balance;
    const made = await Promise.all([1, 2, 3].map(() => chargeUnnamed(ledger)));
    expect(made.every((outcome) => "done" in (outcome as object))).toBe(true);
    expect((await app.manage("/organizations/default/credits")).body.balance).toBe(before - 3);
    expect(await isProven()).toBe(true);
  });

  test("is asked for again with the same request id when nobody can say what became of it", async () => {
    const { calls } = await countedCalls();
    const db = failingDatabase(calls, "after", { onwards: true });
    expect(await errorOf(chargeOnce(ledgerOver(db), "unknown"))).toBeInstanceOf(Error);
    await chargeOnce(ledgerOver(app.services.db), "unknown");
    expect([await entriesOf("unknown"), await isProven()]).toEqual([1, true]);
  });

  test("of a batch that fails as a whole is made one by one", async () => {
    const ledger = ledgerOver(failingDatabase(0, "before"));
    const good = ["a", "b", "c"].map((name) => chargeOnce(ledger, `good ${name}`));
    const bad = ledger.move({
      about: { keyId },
      apply: () => {
        throw new Error("This one is wrong.");
      },
    });
    expect(String(await errorOf(bad))).toContain("This one is wrong.");
    await Promise.all(good);
    for (const name of ["a", "b", "c"]) expect(await entriesOf(`good ${name}`)).toBe(1);
    expect(await isProven()).toBe(true);
  });
});

describe("two ledgers on one file", () => {
  test("never decide on what the other has changed: together they spend what there is", async () => {
    const key = await app.newKey();
    const { balance } = (await app.manage("/organizations/default/credits")).body;
    const ledgers = [ledgerOver(app.services.db), ledgerOver(app.services.db)];
    const outcomes = await Promise.all(
      Array.from({ length: 200 }, (_, at) => {
        const ledger = ledgers[at % 2] as Ledger;
        const request = { keyId: key.id, requestId: `both ${at}`, attempt: 1, subject: null };
        return ledger.move({
          about: { keyId: key.id, request },
          apply: (state, now) => charge(state, request, { micros: 1_000_000, at: now }),
        });
      }),
    );
    const passed = outcomes.filter((outcome) => "done" in outcome).length;
    expect(passed).toBe(Math.floor(balance));
    expect(await isProven()).toBe(true);
  });
});

describe("what a batch remembers for the next", () => {
  const spend = async (key: { id: string }, micros: number) => {
    const request = { keyId: key.id, requestId: crypto.randomUUID(), attempt: 1, subject: null };
    return app.services.ledger.move({
      about: { keyId: key.id, request },
      apply: (state, at) => charge(state, request, { micros, at }),
    });
  };
  const grant = (amount: number) =>
    app.manage("/organizations/default/credits", { body: { kind: "grant", amount } });
  const adjust = (amount: number) =>
    app.manage("/organizations/default/credits", {
      body: { kind: "adjustment", amount, reason: "test" },
    });

  test("does not outlive a change of the balance by anybody else", async () => {
    await grant(10);
    const key = await app.newKey();
    expect(await spend(key, 1)).toHaveProperty("done");
    const { balance } = (await app.manage("/organizations/default/credits")).body;
    await adjust(-balance);
    expect(await spend(key, 1)).toHaveProperty("shortage.leftMicros", 0);
    await grant(5);
    expect(await spend(key, 5_000_000)).toHaveProperty("done");
    expect(await spend(key, 1)).toHaveProperty("shortage.leftMicros", 0);
    expect(await isProven()).toBe(true);
  });

  test("does not outlive a change of a limit", async () => {
    await grant(10);
    const key = await app.newKey({ spend_limit: 2 });
    expect(await spend(key, 1_000_000)).toHaveProperty("done");
    const patch = (spend_limit: number | null) =>
      app.manage(`/api-keys/${key.id}`, { method: "PATCH", body: { spend_limit } });
    await patch(1);
    expect(await spend(key, 1)).toHaveProperty("shortage.of", "key");
    await patch(1.5);
    expect(await spend(key, 500_000)).toHaveProperty("done");
    expect(await spend(key, 1)).toHaveProperty("shortage.of", "key");
    await patch(null);
    expect(await spend(key, 1_000_000)).toHaveProperty("done");
  });

  test("is not what a repeated or a free call goes by, nor what follows from one", async () => {
    const acme = await addOrganization(app, `acme-${crypto.randomUUID().slice(0, 8)}`);
    const headers = { "tollgate-organization": acme };
    const manage = (path: string, body?: unknown, method?: string) =>
      app.manage(path, {
        headers,
        ...(body === undefined ? {} : { body }),
        ...(method && { method }),
      });
    const { secret: key } = (await manage("/api-keys", { label: "x" })).body;
    const credits = `/organizations/${acme}/credits`;
    const charged = { key, cost: 5, request_id: "first" };
    await manage(credits, { kind: "grant", amount: 10 });
    expect((await manage("/v1/keys/verify", charged)).body.remaining_credits).toBe(5);
    await manage(credits, { kind: "purchase", amount: 100 });
    const rule = { below: 20, add: 50, monthly_max: 500 };
    await manage(`/organizations/${acme}/recharge-rule`, rule, "PUT");
    const again = (await manage("/v1/keys/verify", charged)).body;
    expect([again.charged, again.remaining_credits]).toEqual([5, 105]);
    expect((await manage(`/organizations/${acme}/recharges`)).body.data).toEqual([]);
  });

  test("does not outlive a workspace's limit, whoever changes it", async () => {
    await grant(10);
    const key = await app.newKey();
    const { workspace_id } = (await app.manage(`/api-keys/${key.id}`)).body;
    const { usage } = (await app.manage(`/workspaces/${workspace_id}`)).body;
    const limit = (spend_limit: number | null) =>
      app.manage(`/workspaces/${workspace_id}`, { method: "PATCH", body: { spend_limit } });
    expect(await spend(key, 1)).toHaveProperty("done");
    await limit(usage + 1);
    expect(await spend(key, 1_000_000)).toHaveProperty("shortage.of", "workspace");
    await limit(null);
    expect(await spend(key, 1_000_000)).toHaveProperty("done");
    const other = openFile(app.paths.database, 1_000);
    await other.execute(
      `UPDATE workspaces SET spend_limit_micros = 1 WHERE id = '${workspace_id}'`,
    );
    other.close();
    await app.services.watch.check();
    expect(await spend(key, 1)).toHaveProperty("shortage.of", "workspace");
    await limit(null);
  });

  test("starves nobody: grants one after the other and charges beside them all come through", async () => {
    await grant(10);
    const keys = await Promise.all(Array.from({ length: 8 }, () => app.newKey()));
    let isDone = false;
    let charges = 0;
    const charging = keys.map(async (key) => {
      for (; !isDone || charges < 100; charges++)
        expect(await spend(key, 1)).toHaveProperty("done");
    });
    for (let at = 0; at < 60; at++) expect((await grant(1)).status).toBe(201);
    isDone = true;
    await Promise.all(charging);
    expect(await isProven()).toBe(true);
  });

  test("of one organization is not dropped when another has too little", async () => {
    await grant(10);
    const rich = await app.newKey();
    const poor = await addOrganization(app, `poor-${crypto.randomUUID().slice(0, 8)}`);
    const headers = { "tollgate-organization": poor };
    const made = await app.manage("/api-keys", { headers, body: { label: "poor" } });
    const outcomes = await Promise.all([spend(rich, 1), spend(made.body, 1), spend(rich, 1)]);
    expect(outcomes.map((outcome) => "done" in outcome)).toEqual([true, false, true]);
    expect(await isProven()).toBe(true);
  });

  test("holds what was spent: many small charges end exactly at the limit", async () => {
    await grant(10);
    const key = await app.newKey({ spend_limit: 0.00005, spend_limit_reset: "daily" });
    const outcomes: unknown[] = [];
    for (let at = 0; at < 70; at++) outcomes.push(await spend(key, 1));
    expect(outcomes.filter((outcome) => Object.hasOwn(outcome as object, "done"))).toHaveLength(50);
    const shown = await app.call("/key", { key: key.secret });
    expect(shown.body.usage).toBe(0.00005);
    expect(await isProven()).toBe(true);
  });
});
