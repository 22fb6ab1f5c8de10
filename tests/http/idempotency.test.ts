import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { dayMs } from "../../src/core/clock.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { TestClock } from "../support/test-clock.ts";

let app: TestApp;
const clock = new TestClock();
beforeAll(async () => {
  app = await startTestApp({ clock });
});
afterAll(() => app.stop());

const send = (idempotencyKey: string, body: unknown, path = "/api-keys", key = app.operator) =>
  app.call(path, { key, body, headers: { "idempotency-key": idempotencyKey } });
const countOf = async (label: string) =>
  (await app.manage(`/api-keys?q=${label}&limit=100`)).body.data.length;

describe("Idempotency-Key", () => {
  test("the same key and payload get the first answer, secret and all, and one key is made", async () => {
    const first = await send("retry-1", { label: "once-only" });
    const second = await send("retry-1", { label: "once-only" });
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.body).toEqual(first.body);
    expect(first.headers.get("idempotency-replayed")).toBeNull();
    expect(second.headers.get("idempotency-replayed")).toBe("true");
    expect(second.headers.get("cache-control")).toBe("no-store");
    expect(await countOf("once-only")).toBe(1);
  });

  test("the same key with another payload, path or method is 422", async () => {
    await send("reused", { label: "reused-a" });
    const other = await send("reused", { label: "reused-b" });
    expect([other.status, other.body.error.code]).toEqual([422, "idempotency_key_reused"]);
    const key = await app.newKey();
    expect((await send("reused", {}, `/api-keys/${key.id}/rotate`)).status).toBe(422);
    expect(await countOf("reused")).toBe(1);
  });

  test("of many at once one runs, the others get its answer or 409", async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => send("at-once", { label: "at-once" })),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 201).length).toBeGreaterThanOrEqual(1);
    expect(statuses.every((status) => status === 201 || status === 409)).toBe(true);
    const running = answers.find(({ status }) => status === 409);
    expect(running?.body.error.code).toBe("idempotency_in_progress");
    expect(await countOf("at-once")).toBe(1);
  });

  test("a rotation that is repeated rotates once", async () => {
    const key = await app.newKey();
    const path = `/api-keys/${key.id}/rotate`;
    const first = await send("rotation", { grace_period_seconds: 60 }, path);
    const second = await send("rotation", { grace_period_seconds: 60 }, path);
    expect(second.body).toEqual(first.body);
    expect((await app.call("/key", { key: first.body.secret })).status).toBe(200);
    expect((await app.call("/key", { key: key.secret })).status).toBe(200);
  });

  test("a refusal is not kept: the same key works once the request is right", async () => {
    expect((await send("mended", { label: "" })).status).toBe(422);
    expect((await send("mended", { label: "mended", plan: "gold" })).status).toBe(422);
    expect((await send("mended", { label: "mended" })).status).toBe(201);
  });

  test("another caller's key of the same name is another key", async () => {
    const other = await app.newKey({ type: "management" });
    const mine = await send("shared-name", { label: "mine" });
    const theirs = await send("shared-name", { label: "mine" }, "/api-keys", other.secret);
    expect(theirs.status).toBe(201);
    expect(theirs.body.id).not.toBe(mine.body.id);
  });

  test("after 24 hours the key is new", async () => {
    const first = await send("a-day", { label: "a-day" });
    clock.advance(dayMs - 1);
    expect((await send("a-day", { label: "a-day" })).body.id).toBe(first.body.id);
    clock.advance(1);
    expect((await send("a-day", { label: "a-day" })).body.id).not.toBe(first.body.id);
  });

  test("422 for a key that is empty or longer than 255 characters", async () => {
    for (const key of ["x".repeat(256), ""]) {
      const answer = await send(key, { label: "x" });
      expect([answer.status, answer.body.error.param]).toEqual([422, "Idempotency-Key"]);
    }
  });

  test("the stored answer opens for nobody who lacks the Idempotency-Key", async () => {
    const created = await send("sealed", { label: "sealed" });
    const { rows } = await app.services.db.lookup.$client.execute(
      "SELECT * FROM idempotent_answers",
    );
    const text = JSON.stringify(rows);
    for (const shown of [created.body.secret, created.body.id, "sealed-", '"sealed"']) {
      expect(text).not.toContain(shown);
    }
  });
});
