import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { AuditLog } from "../../src/audit/audit-log.ts";
import { openCommandDatabase } from "../../src/db/client.ts";
import { standard } from "../../src/dialects/standard.ts";
import { createKey } from "../../src/keys/create-key.ts";
import { createKeysContext } from "../../src/keys/keys-context.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { TestClock } from "../support/test-clock.ts";

let app: TestApp;
const clock = new TestClock();
beforeAll(async () => {
  app = await startTestApp({ clock });
});
afterAll(() => app.stop());

const events = async (query = "") => (await app.manage(`/audit-log?limit=100&${query}`)).body.data;
const newest = async () => (await events())[0];

describe("the audit log", () => {
  test("records each change with who, what, from where, before and after, and no secret", async () => {
    const headers = { "user-agent": "test agent" };
    const created = await app.manage("/api-keys", { body: { label: "one" }, headers });
    const { secret, ...key } = created.body;
    expect(await newest()).toMatchObject({
      actor: { type: "key", id: app.operatorId },
      action: "key.created",
      target: { type: "key", id: key.id },
      changes: { before: null, after: key },
      user_agent: "test agent",
      request_id: created.headers.get("x-request-id"),
    });
    clock.advance(1_000);
    await app.manage(`/api-keys/${key.id}`, {
      method: "PATCH",
      body: { label: "two", enabled: false },
    });
    expect((await newest()).changes).toMatchObject({
      before: { label: "one", enabled: true, status: "active" },
      after: { label: "two", enabled: false, status: "disabled" },
    });
    expect(Object.keys((await newest()).changes.after).toSorted()).toEqual([
      "enabled",
      "label",
      "status",
      "updated_at",
    ]);
    const rotated = await app.manage(`/api-keys/${key.id}/rotate`, { body: {} });
    expect((await newest()).action).toBe("key.rotated");
    await app.manage(`/api-keys/${key.id}?reason=done`, { method: "DELETE" });
    const revoked = await newest();
    expect(revoked.changes.after).toMatchObject({ status: "revoked", revoke_reason: "done" });
    const text = JSON.stringify(await events());
    expect(text).not.toContain(secret);
    expect(text).not.toContain(rotated.body.secret);
  });

  test("records nothing for what changed nothing: a second revocation, a refusal, a replay", async () => {
    const key = await app.newKey();
    await app.manage(`/api-keys/${key.id}`, { method: "DELETE" });
    const count = (await events()).length;
    await app.manage(`/api-keys/${key.id}`, { method: "DELETE" });
    await app.manage("/api-keys", { body: { label: "" } });
    await app.manage("/api-keys", { body: { label: "x", plan: "none" } });
    await app.manage("/plans", { body: { slug: "free", name: "Again" } });
    expect((await events()).length).toBe(count);
    const headers = { "idempotency-key": "audit-1" };
    for (let i = 0; i < 3; i++) await app.manage("/api-keys", { body: { label: "once" }, headers });
    expect((await events()).length).toBe(count + 1);
  });

  test("plans belong to the instance: only the operator sees their changes", async () => {
    await app.manage("/plans", { body: { slug: "team", name: "Team" } });
    await app.manage("/plans/team", { method: "PATCH", body: { requests_per_minute: 5 } });
    await app.manage("/plans/team", { method: "DELETE" });
    const actions = (await events("target=team")).map(({ action }: { action: string }) => action);
    expect(actions).toEqual(["plan.deleted", "plan.changed", "plan.created"]);
    const reader = await app.newKey({ type: "management", scopes: ["audit:read"] });
    const seen = await app.call("/audit-log?target=team", { key: reader.secret });
    expect(seen.body.data).toEqual([]);
    expect((await app.call("/audit-log/verify", { key: reader.secret })).status).toBe(403);
    const narrow = await app.newKey({ type: "management", scopes: ["keys:read"] });
    expect((await app.call("/audit-log", { key: narrow.secret })).status).toBe(403);
  });

  test("filters by actor, action, target and time, and pages hold each event once", async () => {
    const key = await app.newKey({ label: "filtered" });
    clock.advance(60_000);
    await app.manage(`/api-keys/${key.id}`, { method: "PATCH", body: { label: "later" } });
    const at = new Date(clock.nowMs()).toISOString();
    expect(await events(`target=${key.id}`)).toHaveLength(2);
    expect(await events(`target=${key.id}&action=key.created`)).toHaveLength(1);
    expect(await events(`target=${key.id}&from=${at}`)).toHaveLength(1);
    expect(await events(`target=${key.id}&to=${at}`)).toHaveLength(1);
    expect(await events("actor=key_0")).toHaveLength(0);
    const seen: number[] = [];
    let cursor = "";
    for (let page = 0; page < 50; page++) {
      const { body } = await app.manage(`/audit-log?limit=3${cursor && `&cursor=${cursor}`}`);
      seen.push(...body.data.map(({ sequence }: { sequence: number }) => sequence));
      if (body.next_cursor === null) break;
      cursor = body.next_cursor;
    }
    expect(seen).toEqual((await events()).map(({ sequence }: { sequence: number }) => sequence));
    for (const query of ["from=yesterday", "action=key.eaten", "cursor=x", "colour=red"]) {
      expect([query, (await app.manage(`/audit-log?${query}`)).status]).toEqual([query, 422]);
    }
  });

  test("exports as JSON Lines and CSV, the oldest first", async () => {
    await app.newKey({ label: "=cmd|' /C calc'!A0, \"quoted\"" });
    const lines = (await app.manage("/audit-log/export")).body.trim().split("\n");
    const exported = lines.map((line: string) => JSON.parse(line));
    expect(exported).toEqual((await events()).toReversed());
    const csv = await app.manage("/audit-log/export?format=csv");
    expect(csv.headers.get("content-type")).toStartWith("text/csv");
    const rows = csv.body.trim().split("\r\n");
    expect(rows[0]).toStartWith("sequence,at,actor_type,actor_id,user_id,action");
    expect(rows).toHaveLength(lines.length + 1);
  });

  test("parallel changes, and those of another process, make one chain without a gap", async () => {
    const other = openCommandDatabase(app.paths.database);
    const audit = new AuditLog(other, clock);
    const { secretHash, importHash } = app.subkeys;
    const keys = createKeysContext({
      db: other,
      audit,
      clock,
      secretHash,
      importHash,
      dialect: standard,
    });
    const byCommand = () => createKey(keys, { input: { label: "cli" }, actor: app.actor });
    await Promise.all([
      ...Array.from({ length: 30 }, () => app.newKey()),
      ...Array.from({ length: 10 }, byCommand),
    ]);
    await other.close();
    const { body } = await app.manage("/audit-log/verify");
    expect(body).toEqual({ valid: true, rows: body.rows, first_broken: null });
    expect((await events("actor=cli"))[0].actor).toEqual({
      type: "operator",
      id: "cli",
      user_id: null,
    });
  });

  test("no change is made by a key after its own revocation, however many were waiting", async () => {
    const scopes = ["keys:read", "keys:write"];
    const thief = await app.newKey({ type: "management", scopes });
    const flood = Array.from({ length: 300 }, () =>
      app.call("/api-keys", { key: thief.secret, body: { label: "copy" } }),
    );
    const revoked = await app.manage(`/api-keys/${thief.id}`, { method: "DELETE" });
    expect(revoked.body.status).toBe("revoked");
    const statuses = (await Promise.all(flood)).map(({ status }) => status);
    expect(statuses.every((status) => status === 201 || status === 401)).toBe(true);
    const [end] = await events(`target=${thief.id}&action=key.revoked`);
    const [last] = await events(`actor=${thief.id}`);
    expect(last?.sequence ?? 0).toBeLessThan(end.sequence);
  });

  test("nobody takes over a key that became wider while their call was waiting", async () => {
    const target = await app.newKey({ type: "management", scopes: ["keys:read"] });
    const narrow = await app.newKey({ type: "management", scopes: ["keys:read", "keys:write"] });
    const by = (path: string, body: object) => app.call(path, { key: narrow.secret, body });
    const flood = Array.from({ length: 100 }, () => by("/api-keys", { label: "filler" }));
    const widened = app.manage(`/api-keys/${target.id}`, {
      method: "PATCH",
      body: { scopes: ["*"] },
    });
    const rotated = by(`/api-keys/${target.id}/rotate`, {});
    expect((await widened).status).toBe(200);
    const { status } = await rotated;
    await Promise.all(flood);
    expect(status).toBe(403);
  });

  test("parallel changes of one key are recorded as they happened", async () => {
    const key = await app.newKey({ label: "L0" });
    const labels = ["A", "B", "C", "D"];
    await Promise.all(
      labels.map((label) =>
        app.manage(`/api-keys/${key.id}`, { method: "PATCH", body: { label } }),
      ),
    );
    const rows = (await events(`target=${key.id}&action=key.updated`)).toReversed();
    let before = "L0";
    for (const { changes } of rows) {
      expect(changes.before.label).toBe(before);
      before = changes.after.label;
    }
    expect((await app.manage(`/api-keys/${key.id}`)).body.label).toBe(before);
  });

  test("cannot be changed by SQL, and a change behind its triggers is found and named", async () => {
    const { $client } = app.services.db.write;
    for (const sql of ["UPDATE audit_log SET actor_id = 'x'", "DELETE FROM audit_log"]) {
      expect(await $client.execute(sql).catch(String)).toContain("append-only");
    }
    await $client.batch([
      "DROP TRIGGER audit_log_update",
      "UPDATE audit_log SET actor_id = 'somebody else' WHERE sequence = 3",
    ]);
    const { body } = await app.manage("/audit-log/verify");
    expect(body).toMatchObject({ valid: false, first_broken: 3 });
  });
});
