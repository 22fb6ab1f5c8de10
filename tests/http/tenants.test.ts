import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { routeAccess } from "../../src/http/route-access.ts";
import { managementCalls } from "../support/management-calls.ts";
import { addTenant, type Tenant } from "../support/tenant.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";

let app: TestApp;
let own: Tenant;
let foreign: Tenant;

beforeAll(async () => {
  app = await startTestApp({ flags: { anonymousPerMinute: "100000" } });
  own = await addTenant(app, "acme");
  foreign = await addTenant(app, "other");
});
afterAll(() => app.stop());

/** Everything of the foreign organization that a path can name, under one's own organization. */
const foreignIds = () => ({
  organization: own.organization,
  key: foreign.key.id,
  runtime: foreign.runtime,
  workspace: foreign.workspace,
  team: foreign.team,
  hat: foreign.hat,
  user: foreign.people.member.id,
  invitation: foreign.invitation,
  wearer: foreign.key.id,
});

const changesOf = async ({ organization }: Tenant): Promise<number> => {
  const headers = { "tollgate-organization": organization };
  const { body } = await app.manage("/audit-log/export", { headers });
  return body.trim().split("\n").length;
};

describe("ids of another tenant", () => {
  test("are 404 in every path, for a session and for a key, and nothing changes", async () => {
    const before = await changesOf(foreign);
    const calls = managementCalls(foreignIds()).filter(({ route, access }) => {
      const isOwnOrganization =
        /\/organizations\/:id(\/(members|invitations|credits|usage|ledger.*|webhooks|recharge-rule|recharges))?$/.test(
          route,
        );
      return route.includes(":") && access.role !== "operator" && !isOwnOrganization;
    });
    expect(calls.length).toBeGreaterThan(20);
    for (const { route, method, path, body } of calls) {
      if (route.endsWith("/plans/:slug")) continue;
      const session = await own.people.owner.call(path, { method, body });
      expect([route, session.status]).toEqual([route, 404]);
      const key = await app.call(path, { method, body, key: own.manager.secret });
      expect([route, key.status]).toEqual([route, 404]);
    }
    expect(await changesOf(foreign)).toBe(before);
    expect((await app.call("/key", { key: foreign.key.secret })).status).toBe(200);
  });

  test("are refused in bodies", async () => {
    const { owner } = own.people;
    const cases: [string, object, number][] = [
      ["/api-keys", { label: "x", workspace_id: foreign.workspace }, 422],
      ["/api-keys", { label: "x", hats: [foreign.hat] }, 422],
      ["/api-keys/revoke-batch", { ids: [own.key.id, foreign.key.id] }, 404],
      ["/hats", { slug: "x", name: "X", skills: [], workspace_id: foreign.workspace }, 422],
      ["/v1/permissions/explain", { key_id: foreign.key.id, skill: "github/x" }, 404],
    ];
    for (const [path, body, status] of cases) {
      expect([path, (await owner.call(path, { body })).status]).toEqual([path, status]);
    }
    for (const { secret } of [own.key, foreign.key]) {
      expect((await app.call("/key", { key: secret })).status).toBe(200);
    }
  });

  test("cannot wear one's hats or join one's teams", async () => {
    const { owner } = own.people;
    const { key, team, people } = foreign;
    const puts = [
      ...[key.id, team, people.member.id].map((id) => `/hats/${own.hat}/wearers/${id}`),
      `/teams/${own.team}/members/${people.member.id}`,
    ];
    for (const path of puts) {
      expect([path, (await owner.call(path, { method: "PUT" })).status]).toEqual([path, 404]);
    }
  });

  test("find nothing in filters, and a foreign cursor shows one's own rows only", async () => {
    const { owner } = own.people;
    const empty = [
      `/hats?workspace_id=${foreign.workspace}`,
      `/runtimes?key_id=${foreign.key.id}`,
      `/audit-log?target=${foreign.key.id}`,
      `/audit-log?actor=${foreign.people.owner.id}`,
    ];
    for (const path of empty) {
      const { status, body } = await owner.call(path);
      expect([path, status, body.data]).toEqual([path, 200, []]);
    }
    const lists = ["/api-keys", "/workspaces", "/audit-log", "/runtimes"];
    for (const path of lists) {
      const theirs = await foreign.people.owner.call(`${path}?limit=1`);
      const cursor = theirs.body.next_cursor;
      const query = cursor === null ? "" : `&cursor=${cursor}`;
      const { body } = await owner.call(`${path}?limit=100${query}`);
      const text = JSON.stringify(body);
      expect([path, text.includes(foreign.organization)]).toEqual([path, false]);
      expect([path, text.includes(foreign.key.id)]).toEqual([path, false]);
    }
  });

  test("are not found by verify, and not counted", async () => {
    const body = { key: foreign.key.secret };
    const asked = await own.people.admin.call("/v1/keys/verify", { body });
    expect(asked.body).toMatchObject({ valid: false, code: "NOT_FOUND", key: null });
    const theirs = await foreign.people.admin.call("/v1/keys/verify", { body });
    expect(theirs.body).toMatchObject({ valid: true, code: "VALID" });
  });
});

describe("the operator's", () => {
  test("key and people see every organization, others their own", async () => {
    const slugsOf = (body: { data: { slug: string }[] }) => body.data.map(({ slug }) => slug);
    expect(slugsOf((await app.manage("/organizations")).body)).toEqual([
      "default",
      "acme",
      "other",
    ]);
    expect(slugsOf((await own.people.owner.call("/organizations")).body)).toEqual(["acme"]);
    const byKey = await app.call("/organizations", { key: own.manager.secret });
    expect(slugsOf(byKey.body)).toEqual(["acme"]);
  });

  test("key acts in the organization that the header names, by id or slug", async () => {
    for (const name of [own.organization, own.slug]) {
      const headers = { "tollgate-organization": name };
      const { body } = await app.manage(`/api-keys/${own.key.id}`, { headers });
      expect(body.organization_id).toBe(own.organization);
    }
    const headers = { "tollgate-organization": "nowhere" };
    expect((await app.manage("/api-keys", { headers })).status).toBe(404);
  });

  test("key cannot be changed, rotated or revoked by one that is not the operator's", async () => {
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
  });

  test("key cannot end the organization it belongs to, which it could not take back", async () => {
    const path = "/organizations/default";
    const suspend = await app.manage(path, { method: "PATCH", body: { state: "suspended" } });
    expect(suspend.status).toBe(409);
    const remove = await app.manage(`${path}?confirm=default`, { method: "DELETE" });
    expect(remove.status).toBe(409);
  });
});

describe("suspension and deletion", () => {
  const statusOf = async (key: string) => (await app.call("/key", { key })).status;

  test("of a workspace stops its keys at once, and lifting it brings them back", async () => {
    const { owner } = own.people;
    const { secret } = (
      await owner.call("/api-keys", { body: { label: "x", workspace_id: own.workspace } })
    ).body;
    const path = `/workspaces/${own.workspace}`;
    const set = (state: string) => owner.call(path, { method: "PATCH", body: { state } });
    expect(await statusOf(secret)).toBe(200);
    await set("suspended");
    const refused = await app.call("/key", { key: secret });
    expect([refused.status, refused.body.error.code]).toEqual([403, "owner_suspended"]);
    expect(await statusOf(own.key.secret)).toBe(200);
    await set("active");
    expect(await statusOf(secret)).toBe(200);
  });

  test("of an organization stops its keys and people at once, and lifting it brings them back", async () => {
    const path = `/organizations/${foreign.organization}`;
    const set = (state: string) => app.manage(path, { method: "PATCH", body: { state } });
    const { owner } = foreign.people;
    expect((await owner.call(path, { method: "PATCH", body: { state: "active" } })).status).toBe(
      403,
    );
    await set("suspended");
    for (const secret of [foreign.key.secret, foreign.userKey.secret, foreign.manager.secret]) {
      const at = secret === foreign.manager.secret ? "/api-keys" : "/key";
      const answer = await app.call(at, { key: secret });
      expect([answer.status, answer.body.error.code]).toEqual([403, "owner_suspended"]);
    }
    expect((await owner.call("/api-keys")).body.error.code).toBe("owner_suspended");
    await set("active");
    expect(await statusOf(foreign.key.secret)).toBe(200);
    expect((await owner.call("/api-keys")).status).toBe(200);
  });

  test("of a workspace needs its slug, revokes its keys, and leaves the last one", async () => {
    const { owner } = own.people;
    const made = (await owner.call("/workspaces", { body: { slug: "gone", name: "Gone" } })).body;
    const key = (await owner.call("/api-keys", { body: { label: "x", workspace_id: made.id } }))
      .body;
    const remove = (confirm: string) =>
      owner.call(`/workspaces/${made.id}?confirm=${confirm}`, { method: "DELETE" });
    expect((await owner.call(`/workspaces/${made.id}`, { method: "DELETE" })).status).toBe(422);
    expect((await remove("other")).status).toBe(422);
    expect(await statusOf(key.secret)).toBe(200);
    expect((await remove("gone")).status).toBe(204);
    expect(await statusOf(key.secret)).toBe(401);
    const listed = (await owner.call(`/api-keys/${key.id}`)).body;
    expect([listed.status, listed.revoked_by]).toEqual(["revoked", owner.id]);
    const again = await owner.call("/workspaces", { body: { slug: "gone", name: "Again" } });
    expect(again.status).toBe(201);
  });

  test("of an organization ends everything in it, and frees its slug", async () => {
    const doomed = await addTenant(app, "doomed");
    const { admin, owner } = doomed.people;
    const path = `/organizations/${doomed.organization}`;
    const remove = `${path}?confirm=doomed`;
    expect((await admin.call(remove, { method: "DELETE" })).status).toBe(403);
    expect((await owner.call(`${path}?confirm=acme`, { method: "DELETE" })).status).toBe(422);
    expect((await owner.call(remove, { method: "DELETE" })).status).toBe(204);
    for (const { secret } of [doomed.key, doomed.userKey]) expect(await statusOf(secret)).toBe(401);
    expect((await app.call("/api-keys", { key: doomed.manager.secret })).status).toBe(401);
    expect((await owner.call(path)).status).toBe(404);
    expect((await app.manage(path)).status).toBe(404);
    const { body } = await app.manage("/organizations", { body: { slug: "doomed", name: "New" } });
    expect(body.slug).toBe("doomed");
  });
});

describe("access table", () => {
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
});
