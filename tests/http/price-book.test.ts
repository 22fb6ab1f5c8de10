import { afterEach, beforeEach, expect, test } from "bun:test";
import type { Client } from "@libsql/client/sqlite3";
import { drizzle } from "drizzle-orm/libsql/sqlite3";
import { AuditLog } from "../../src/audit/audit-log.ts";
import { modelPatternsMax } from "../../src/prices/price-book.ts";
import { pricesMax } from "../../src/prices/price-store.ts";
import { setPrice } from "../../src/prices/set-price.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";

// What the table of prices in memory is worth when the file and the memory could part.

let app: TestApp;
beforeEach(async () => {
  app = await startTestApp();
});
afterEach(() => app.stop());

const set = (subject: string, per_request = 1) =>
  app.manage("/prices", { body: { kind: "skill", subject, per_request } });

/** The same database, whose next write is answered with an error; before or after it took place. */
function failingOnce(when: "before" | "after") {
  const real = app.services.db;
  let isFailing = true;
  const write = new Proxy(real.write.$client, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (name !== "batch") return value;
      return async (...args: unknown[]) => {
        const fails = isFailing;
        isFailing = false;
        if (fails && when === "before") throw new Error("disk I/O error");
        const result = await value.apply(target, args);
        if (fails) throw new Error("disk I/O error");
        return result;
      };
    },
  }) as Client;
  return { ...real, write: drizzle({ client: write }) };
}

for (const [when, expected] of [
  ["before", undefined],
  ["after", 250_000],
] as const) {
  test(`a commit that fails ${when} it took place leaves memory as the file is, and charges go on`, async () => {
    const { clock, actor } = app;
    const { book } = app.services.prices;
    const db = failingOnce(when);
    const context = { db, clock, book, audit: new AuditLog(db, clock) };
    const input = { kind: "skill", subject: "github/x", per_request: 0.25 } as const;
    const error = await setPrice(context, { input, actor, alongside: () => [] }).then(
      () => undefined,
      (cause: unknown) => cause,
    );
    expect(error).toBeInstanceOf(Error);
    const price = book.inForce("skill", "github/x", clock.nowMs());
    expect(price?.perRequestMicros).toBe(expected as number);
    const { data } = (await app.manage("/prices?subject=github/x")).body;
    expect(data).toHaveLength(expected === undefined ? 0 : 1);
    // Nobody waits for a change that is over.
    expect((await set("github/y")).status).toBe(201);
  });
}

test("a version too many is 409, and a full table is there after a restart", async () => {
  const { folder } = app;
  await app.services.db.write.$client.execute({
    sql: `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
      INSERT INTO prices (id, kind, subject, per_request_micros, input_per_million_micros,
        output_per_million_micros, is_end, effective_from_ms, created_at_ms, created_by)
      SELECT printf('prc_%032d', i), 'skill', printf('bulk/s%d', i % 500), i, 0, 0, 0, i, i, 'cli' FROM n`,
    args: [pricesMax - 1],
  });
  await app.stop({ keepFolder: true });
  app = await startTestApp({ folder });
  expect((await set("github/x", 0.5)).status).toBe(201);
  const full = await set("github/y");
  expect([full.status, full.body.error.code]).toEqual([409, "conflict"]);
  const { book } = app.services.prices;
  expect(book.size).toBe(pricesMax);
  expect(book.inForce("skill", "bulk/s1", app.clock.nowMs())?.perRequestMicros).toBe(
    pricesMax - 499,
  );
});

test("a pattern of models too many is 409; another version of one is not", async () => {
  const pattern = (at: number) => ({
    kind: "model",
    subject: `model-${at}-*`,
    per_million_input_tokens: 1,
    per_million_output_tokens: 1,
  });
  const send = (body: object) => app.manage("/prices", { body });
  for (let at = 0; at < modelPatternsMax; at++) {
    expect((await send(pattern(at))).status).toBe(201);
  }
  expect((await send(pattern(modelPatternsMax))).status).toBe(409);
  const effective_from = "2030-01-01T00:00:00Z";
  expect((await send({ ...pattern(0), effective_from })).status).toBe(201);
  expect((await send({ ...pattern(0), subject: "model-exact" })).status).toBe(201);
});
