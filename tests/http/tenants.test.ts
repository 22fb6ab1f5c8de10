import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { managementScopes, routeAccess } from "../../src/http/route-access.ts";
import { createKey } from "../../src/keys/create-key.ts";
import type { Actor } from "../../src/organizations/actor.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";

let app: TestApp;
let foreign: { secret: string; keyId: string; keySecret: string };

/** A second organization with a management key and a key of its own, next to the first. */
async function addTenant(): Promise<typeof foreign> {
  const { db, keys } = app.services;
  await db.write.$client.batch([
    "INSERT INTO organizations VALUES ('org_b', 'b', 'B', 'free', 'active', 0)",
    "INSERT INTO workspaces VALUES ('ws_b', 'org_b', 'default', 'B', 'active', 0)",
  ]);
  const actor: Actor = {
    ...app.actor,
    id: "system",
    organizationId: "org_b",
    workspaceId: "ws_b",
    instanceWide: false,
  };
  const manager = await createKey(keys, { input: { label: "b", type: "management" }, actor });
  const key = await createKey(keys, { input: { label: "b key" }, actor });
  return { secret: manager.secret, keyId: key.id, keySecret: key.secret };
}

beforeAll(async () => {
  app = await startTestApp({ flags: { anonymousPerMinute: "100000" } });
  foreign = await addTenant();
});
afterAll(() => app.stop());

/** A call to each management route, with an id in its path where it has one. */
function calls(keyId: string): [string, string, string][] {
  return Object.entries(routeAccess)
    .filter(([, access]) => access.kind === "management")
    .map(([route]) => {
      const [method = "", pattern = ""] = route.split(" ");
      return [route, method, pattern.replace(":id", keyId).replace(":slug", "pro")];
    });
}

const bodyFor = (method: string, path: string): unknown => {
  if (method !== "POST" && method !== "PATCH") return undefined;
  if (path === "/v1/keys/verify") return { key: "x" };
  if (path === "/v1/keys/verify-batch") return { keys: [{ key: "x" }] };
  if (path === "/plans") return { slug: "p", name: "P" };
  if (path.startsWith("/plans")) return { name: "P" };
  if (path.endsWith("/rotate")) return {};
  if (path.endsWith("/revoke-batch")) return { ids: [foreign.keyId], dry_run: true };
  return { label: "x" };
};

describe("other tenants", () => {
  test("every route with a key's id answers 404 for another organization's key", async () => {
    for (const [, method, path] of calls(foreign.keyId).filter(([route]) =>
      route.includes(":id"),
    )) {
      const answer = await app.manage(path, { method, body: bodyFor(method, path) });
      expect([path, answer.status]).toEqual([path, 404]);
    }
    const still = await app.call("/key", { key: foreign.keySecret });
    expect(still.status).toBe(200);
  });

  test("lists hold only one's own keys, whatever the cursor says", async () => {
    const cursor = Buffer.from(`["-created_at",9999999999999,"${foreign.keyId}"]`).toString(
      "base64url",
    );
    for (const query of ["limit=100", `limit=100&cursor=${cursor}`, "q=b+key"]) {
      const { body } = await app.manage(`/api-keys?${query}`);
      expect(JSON.stringify(body)).not.toContain(foreign.keyId);
    }
  });

  test("another organization's key is not found by verify, and not counted", async () => {
    const { body } = await app.manage("/v1/keys/verify", { body: { key: foreign.keySecret } });
    expect(body).toMatchObject({ valid: false, code: "NOT_FOUND", key: null });
    const own = await app.call("/v1/keys/verify", {
      key: foreign.secret,
      body: { key: foreign.keySecret },
    });
    expect(own.body).toMatchObject({ valid: true, code: "VALID" });
  });

  test("another organization's key cannot be revoked among one's own", async () => {
    const own = await app.newKey();
    const ids = [own.id, foreign.keyId];
    const answer = await app.manage("/api-keys/revoke-batch", { body: { ids } });
    expect(answer.status).toBe(404);
    for (const key of [own.secret, foreign.keySecret]) {
      expect((await app.call("/key", { key })).status).toBe(200);
    }
  });

  test("a workspace of another organization cannot be named", async () => {
    const answer = await app.manage("/api-keys", { body: { label: "x", workspace_id: "ws_b" } });
    expect([answer.status, answer.body.error.param]).toEqual([422, "workspace_id"]);
  });

  test("the operator's key cannot be changed, rotated or revoked by a key that is not the operator's", async () => {
    const admin = await app.newKey({ type: "management" });
    const path = `/api-keys/${app.operatorId}`;
    const attempts: [string, string, unknown][] = [
      ["PATCH", path, { enabled: false }],
      ["PATCH", path, { ip_allowlist: ["10.9.9.9"] }],
      ["POST", `${path}/rotate`, { grace_period_seconds: 60 }],
      ["DELETE", path, undefined],
    ];
    for (const [method, at, body] of attempts) {
      const answer = await app.call(at, { key: admin.secret, method, body });
      expect([method, answer.status]).toEqual([method, 403]);
    }
    expect((await app.manage("/plans")).status).toBe(200);
  });

  test("what belongs to the instance is the operator's alone", async () => {
    const refused: string[] = [];
    for (const [route, method, path] of calls(foreign.keyId)) {
      if (route.includes(":id")) continue;
      const answer = await app.call(path, {
        key: foreign.secret,
        method,
        body: bodyFor(method, path),
      });
      if (answer.status === 403) refused.push(route);
    }
    expect(refused.toSorted()).toEqual([
      "DELETE /plans/:slug",
      "GET /audit-log/verify",
      "GET /metrics",
      "PATCH /plans/:slug",
      "POST /plans",
    ]);
  });
});

describe("access table", () => {
  test("a management key without a route's scope gets 403 on it, one with it does not", async () => {
    for (const [route, method, path] of calls("key_0")) {
      const access = routeAccess[route];
      if (access?.kind !== "management") continue;
      const holder = await app.newKey({ type: "management", scopes: [access.scope] });
      const others = managementScopes;
      const lacking = await app.newKey({
        type: "management",
        scopes: others.filter((scope) => scope !== access.scope),
      });
      const body = bodyFor(method, path);
      const refused = await app.call(path, { key: lacking.secret, method, body });
      expect([route, refused.status]).toEqual([route, 403]);
      expect(refused.headers.get("www-authenticate")).toContain(`scope="${access.scope}"`);
      const allowed = await app.call(path, { key: holder.secret, method, body });
      if (access.role !== "operator") expect([route, allowed.status]).not.toEqual([route, 403]);
    }
  });

  test("strangers and keys of other types get nowhere with management routes", async () => {
    const key = await app.newKey();
    for (const [route, method, path] of calls(key.id)) {
      const body = bodyFor(method, path);
      expect([route, (await app.call(path, { method, body })).status]).toEqual([route, 401]);
      const answer = await app.call(path, { key: key.secret, method, body });
      expect([route, answer.status]).toEqual([route, 403]);
    }
  });

  test("every data-plane route goes through the decision", async () => {
    const routes = Object.entries(routeAccess).filter(([, access]) => access.kind === "data");
    expect(routes.length).toBeGreaterThan(0);
    const revoked = await app.newKey();
    await app.manage(`/api-keys/${revoked.id}`, { method: "DELETE" });
    const disabled = await app.newKey();
    await app.manage(`/api-keys/${disabled.id}`, { method: "PATCH", body: { enabled: false } });
    const elsewhere = await app.newKey({ ip_allowlist: ["192.0.2.1"] });
    const exhausted = await app.newKey({ limits: { requests_per_day: 0 } });
    const cases: [string, string, number][] = [
      ["revoked", revoked.secret, 401],
      ["disabled", disabled.secret, 401],
      ["elsewhere", elsewhere.secret, 403],
      ["exhausted", exhausted.secret, 429],
      ["management", app.operator, 403],
    ];
    for (const [route] of routes) {
      const [method = "", path = ""] = route.split(" ");
      for (const [what, key, status] of cases) {
        for (const query of ["", "?bogus=1"]) {
          const answer = await app.call(path + query, { method, key });
          expect([route, what, query, answer.status]).toEqual([route, what, query, status]);
        }
      }
    }
  });

  test("a suspended organization's keys are refused at once and work again after", async () => {
    const { db, changes } = app.services;
    const { invalidateAll } = changes;
    const suspend = async (state: string) => {
      await db.write.$client.execute(
        `UPDATE organizations SET state = '${state}' WHERE id = 'org_b'`,
      );
      invalidateAll();
    };
    await suspend("suspended");
    const answer = await app.call("/key", { key: foreign.keySecret });
    expect([answer.status, answer.body.error.code]).toEqual([403, "owner_suspended"]);
    await suspend("active");
    expect((await app.call("/key", { key: foreign.keySecret })).status).toBe(200);
  });
});
