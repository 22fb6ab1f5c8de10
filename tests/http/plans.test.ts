import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startTestApp, type TestApp } from "../support/test-app.ts";

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.stop());

describe("/plans", () => {
  test("a new installation has the five plans", async () => {
    const { body } = await app.manage("/plans");
    const limits = body.data.map((plan: Record<string, unknown>) => [
      plan["slug"],
      plan["requests_per_minute"],
      plan["requests_per_day"],
      plan["concurrent_requests"],
    ]);
    expect(limits).toEqual([
      ["enterprise", null, null, null],
      ["free", 60, 1_000, null],
      ["pro", 600, 50_000, null],
      ["starter", 60, null, 10],
      ["unlimited", null, null, null],
    ]);
  });

  test("a plan is made, shown, changed for all its keys at once, and deleted when nobody has it", async () => {
    const made = await app.manage("/plans", {
      body: { slug: "team", name: "Team", requests_per_minute: 5 },
    });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      slug: "team",
      requests_per_minute: 5,
      requests_per_day: null,
    });
    expect((await app.manage("/plans/team")).body).toEqual(made.body);
    const key = await app.newKey({ plan: "team" });
    expect((await app.call("/key", { key: key.secret })).headers.get("x-ratelimit-limit")).toBe(
      "5",
    );
    await app.manage("/plans/team", { method: "PATCH", body: { requests_per_minute: 9 } });
    const { headers } = await app.call("/key", { key: key.secret });
    expect(headers.get("x-ratelimit-limit")).toBe("9");
    expect(headers.get("x-ratelimit-remaining")).toBe("7");
    const used = await app.manage("/plans/team", { method: "DELETE" });
    expect([used.status, used.body.error.code]).toEqual([409, "conflict"]);
    await app.manage(`/api-keys/${key.id}`, { method: "PATCH", body: { plan: null } });
    expect((await app.manage("/plans/team", { method: "DELETE" })).status).toBe(204);
    expect((await app.manage("/plans/team")).status).toBe(404);
  });

  test("the same Idempotency-Key makes one plan", async () => {
    const make = () =>
      app.manage("/plans", {
        body: { slug: "once", name: "Once" },
        headers: { "idempotency-key": "plan-1" },
      });
    const [first, second] = [await make(), await make()];
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.body).toEqual(first.body);
  });

  test("409 for a slug that is taken, 404 for a missing plan, 422 for what does not fit", async () => {
    expect((await app.manage("/plans", { body: { slug: "pro", name: "P" } })).status).toBe(409);
    expect((await app.manage("/plans/none", { method: "PATCH", body: { name: "x" } })).status).toBe(
      404,
    );
    expect((await app.manage("/plans/none", { method: "DELETE" })).status).toBe(404);
    for (const body of [
      {},
      { slug: "A b", name: "x" },
      { slug: "a", name: "" },
      { slug: "a", name: "a", requests_per_minute: -1 },
    ]) {
      expect((await app.manage("/plans", { body })).status).toBe(422);
    }
  });
});
