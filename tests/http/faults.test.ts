import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { openFile } from "../../src/db/client.ts";
import { watchIntervalMs } from "../../src/db/invalidation-watch.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.stop());

/** Lets the file grow by so many pages and no more: SQLite then fails as on a full disk. */
async function limitPages(extra: number | "none"): Promise<void> {
  const { $client } = app.services.db.write;
  const { rows } = await $client.execute("PRAGMA page_count");
  const max = extra === "none" ? 1_073_741_823 : Number(rows[0]?.[0]) + extra;
  await $client.execute(`PRAGMA max_page_count = ${max}`);
}

describe("a full disk", () => {
  test("writes get 503 in the error shape, reads go on, and all is well when space returns", async () => {
    const key = await app.newKey({ plan: "unlimited" });
    await limitPages(0);
    const metadata = { filler: "x".repeat(4_000) };
    const refused = [];
    for (let i = 0; i < 5; i++) {
      refused.push(await app.manage("/api-keys", { body: { label: "no room", metadata } }));
    }
    const last = refused.at(-1);
    expect(last?.status).toBe(503);
    expect(last?.body.error).toMatchObject({
      type: "api_error",
      code: "storage_full",
      retry_after: 1,
    });
    expect(last?.headers.get("retry-after")).toBe("1");
    expect((await app.call("/key", { key: key.secret })).status).toBe(200);

    await limitPages("none");
    const created = await app.manage("/api-keys", { body: { label: "room again", metadata } });
    expect(created.status).toBe(201);
    expect((await app.call("/key", { key: created.body.secret })).status).toBe(200);
    const listed = await app.manage("/api-keys?q=no+room");
    const acknowledged = refused.filter(({ status }) => status === 201).length;
    expect(listed.body.data).toHaveLength(acknowledged);
  });

  test("counters that could not be saved stay in memory, are saved later, and no parameter is logged", async () => {
    const key = await app.newKey({ limits: { requests_per_day: 10 } });
    await app.call("/key", { key: key.secret });
    await app.services.writeBehind.save();
    const other = openFile(app.paths.database, 1_000);
    const held = await other.transaction("write");
    await app.call("/key", { key: key.secret });
    const logged = app.logged.length;
    await app.services.writeBehind.save();
    expect(app.services.writeBehind.unsavedCount).toBeGreaterThan(0);
    const lines = app.logged.slice(logged).join("");
    expect(lines).toContain("Counters could not be saved");
    expect(lines).not.toContain(key.id);
    held.close();
    other.close();
    await app.call("/key", { key: key.secret });
    await app.services.writeBehind.save();
    expect(app.services.writeBehind.unsavedCount).toBe(0);
    expect((await app.manage(`/api-keys/${key.id}`)).body.requests_total).toBe(3);
  }, 20_000);
});

describe("another process", () => {
  test("that holds the write lock makes writes wait, then 503, and nothing stays stuck", async () => {
    const other = openFile(app.paths.database, 1_000);
    const held = await other.transaction("write");
    const key = app.call("/healthz");
    const refused = await app.manage("/api-keys", { body: { label: "locked out" } });
    expect([refused.status, refused.body.error.code]).toEqual([503, "database_busy"]);
    expect((await key).status).toBe(200);
    held.close();
    other.close();
    const created = await app.manage("/api-keys", { body: { label: "let in" } });
    expect(created.status).toBe(201);
    expect((await app.manage("/api-keys?q=locked")).body.data).toHaveLength(0);
  }, 20_000);

  test("that revokes a key in the file ends it here too, without a call of ours", async () => {
    // Four looks at the file fit into the 100 ms that are promised.
    expect(watchIntervalMs * 4).toBeLessThanOrEqual(100);
    const other = openFile(app.paths.database, 1_000);
    const key = await app.newKey({ plan: "unlimited" });
    expect((await app.call("/key", { key: key.secret })).status).toBe(200);
    await other.execute({ sql: "UPDATE keys SET revoked_at_ms = 1 WHERE id = ?", args: [key.id] });
    other.close();
    await app.services.watch.check();
    expect((await app.call("/key", { key: key.secret })).status).toBe(401);
  });
});
