import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { dayMs } from "../../src/core/clock.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { TestClock } from "../support/test-clock.ts";

let app: TestApp;
const clock = new TestClock();
beforeAll(async () => {
  app = await startTestApp({ clock });
  for (const label of ["alpha", "beta", "gamma", "delta", "100% _real_", "ALPHA two"]) {
    clock.advance(10);
    await app.newKey({ label });
  }
});
afterAll(() => app.stop());

const labels = (body: { data: { label: string }[] }) => body.data.map(({ label }) => label);
const list = async (query: string) => app.manage(`/api-keys?${query}`);

describe("GET /api-keys", () => {
  test("lists the newest first, and in each order that can be asked for", async () => {
    const newest = labels((await list("")).body);
    expect(newest[0]).toBe("ALPHA two");
    expect(newest.at(-1)).toBe("operator");
    expect(labels((await list("sort=created_at")).body)).toEqual(newest.toReversed());
    const byLabel = labels((await list("sort=label")).body);
    expect(byLabel).toEqual(byLabel.toSorted());
    expect(labels((await list("sort=-label")).body)).toEqual(byLabel.toReversed());
  });

  for (const sort of ["created_at", "-created_at", "label", "-label"]) {
    test(`pages of 2 by ${sort} hold every key once`, async () => {
      const seen: string[] = [];
      let cursor: string | null = "";
      for (let page = 0; cursor !== null && page < 10; page++) {
        const from = cursor === "" ? "" : `&cursor=${cursor}`;
        const answer = await list(`sort=${sort}&limit=2${from}`);
        seen.push(...labels(answer.body));
        cursor = answer.body.next_cursor;
      }
      expect(seen).toEqual(labels((await list(`sort=${sort}&limit=100`)).body));
      expect(new Set(seen).size).toBe(7);
    });
  }

  test("q finds text in labels, whatever its case, and % and _ mean themselves", async () => {
    expect(labels((await list("q=alpha&sort=label")).body)).toEqual(["ALPHA two", "alpha"]);
    expect(labels((await list("q=%25%20_re")).body)).toEqual(["100% _real_"]);
    expect(labels((await list("q=___________")).body)).toEqual([]);
  });

  test("unused_for_days finds the keys that nobody uses, and revoke-batch ends them", async () => {
    const used = await app.newKey({ label: "used" });
    const unused = await app.newKey({ label: "unused" });
    clock.advance(90 * dayMs - 1);
    await app.call("/key", { key: used.secret });
    await app.services.writeBehind.save();
    clock.advance(1);
    const found = labels((await list("unused_for_days=90&limit=100&type=workspace")).body);
    expect(found).toContain("unused");
    expect(found).not.toContain("used");
    expect(labels((await list("unused_for_days=91&limit=100")).body)).toEqual([]);
    const ids = [unused.id];
    const dry = await app.manage("/api-keys/revoke-batch", { body: { ids, dry_run: true } });
    expect(dry.body).toMatchObject({ dry_run: true, data: [{ id: unused.id, status: "active" }] });
    expect((await app.call("/key", { key: unused.secret })).status).toBe(200);
    const real = await app.manage("/api-keys/revoke-batch", { body: { ids, reason: "unused" } });
    expect(real.body.data).toMatchObject([{ status: "revoked", revoke_reason: "unused" }]);
    expect((await app.call("/key", { key: unused.secret })).status).toBe(401);
    for (const { id } of [used, unused]) await app.manage(`/api-keys/${id}`, { method: "DELETE" });
    const answer = await app.manage("/api-keys/revoke-batch", { body: { ids: [] } });
    expect(answer.status).toBe(422);
  });

  test("status, type and environment filter", async () => {
    const revoked = await app.newKey({ label: "to revoke" });
    await app.manage(`/api-keys/${revoked.id}`, { method: "DELETE" });
    const disabled = await app.newKey({ label: "to disable" });
    await app.manage(`/api-keys/${disabled.id}`, { method: "PATCH", body: { enabled: false } });
    await app.newKey({ label: "to expire", expires_in_seconds: 1, environment: "test" });
    clock.advance(2_000);
    expect(labels((await list("status=revoked")).body)).toContain("to revoke");
    expect(labels((await list("status=disabled")).body)).toEqual(["to disable"]);
    expect(labels((await list("status=expired")).body)).toEqual(["to expire"]);
    expect(labels((await list("status=active")).body)).toHaveLength(7);
    expect(labels((await list("type=management")).body)).toEqual(["operator"]);
    expect(labels((await list("environment=test")).body)).toEqual(["to expire"]);
  });

  const hostile: [string, string][] = [
    ["cursor=xx", "cursor"],
    [`cursor=${Buffer.from('["-created_at",1]').toString("base64url")}`, "cursor"],
    [`cursor=${Buffer.from('["-created_at","a","key_1"]').toString("base64url")}`, "cursor"],
    [`cursor=${Buffer.from('["label",{"a":1},"key_1"]').toString("base64url")}`, "cursor"],
    [
      `sort=label&cursor=${Buffer.from('["created_at",1,"key_1"]').toString("base64url")}`,
      "cursor",
    ],
    [`cursor=${"a".repeat(3_000)}`, "cursor"],
    [`cursor=${Buffer.from('["-created_at",1e400,"a"]').toString("base64url")}`, "cursor"],
    ["limit=1&limit=2", "limit"],
    ["sort=id;DROP TABLE keys", "sort"],
    ["sort=scopes", "sort"],
    ["limit=0", "limit"],
    ["limit=101", "limit"],
    ["limit=1e3", "limit"],
    ["limit=abc", "limit"],
    ["status=gone", "status"],
    ["type=root", "type"],
    ["environment=x", "environment"],
    ["q=", "q"],
    ["colour=red", "colour"],
  ];
  for (const [query, param] of hostile) {
    test(`422 names ${param} for ?${query.slice(0, 60)}`, async () => {
      const answer = await list(query);
      expect(answer.status).toBe(422);
      expect(answer.body.error.param).toBe(param);
    });
  }
});
