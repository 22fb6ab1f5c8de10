import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { addOperator, addPerson } from "../support/people.ts";
import { addTenant, type Tenant } from "../support/tenant.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";

let app: TestApp;
let tenant: Tenant;

beforeAll(async () => {
  app = await startTestApp();
  tenant = await addTenant(app, "acme");
});
afterAll(() => app.stop());

const keyOfInstance = async (scopes: string[]) =>
  (
    await app.manage("/api-keys", {
      body: { label: "x", type: "management", instance_wide: true, scopes },
    })
  ).body.secret as string;

describe("a key of the instance that holds some scopes only", () => {
  test("makes nobody an operator and lets nobody in as one", async () => {
    const operator = await addOperator(app);
    const person = await addPerson(app, { role: "member" });
    const key = await keyOfInstance(["users:write", "users:read", "members:write"]);
    const organization = (await app.manage("/organizations")).body.data[0].id;
    const attempts: [string, string, unknown][] = [
      ["PATCH", `/users/${person.id}`, { is_operator: true }],
      ["PATCH", `/users/${operator.id}`, { state: "disabled" }],
      ["POST", `/users/${operator.id}/password-reset`, undefined],
      ["POST", `/organizations/${organization}/members/${operator.id}/password-reset`, undefined],
      ["POST", `/organizations/${organization}/invitations`, { email: "x@y.zz", role: "owner" }],
    ];
    for (const [method, path, body] of attempts) {
      const { status, body: answer } = await app.call(path, { key, method, body });
      expect([path, status, answer.error?.code]).toEqual([path, 403, "insufficient_role"]);
    }
    expect((await operator.call("/users")).status).toBe(200);
    const rename = { key, method: "PATCH", body: { name: "Renamed" } };
    expect((await app.call(`/users/${person.id}`, rename)).status).toBe(200);
  });
});

describe("a demotion to viewer", () => {
  test("leaves a key's narrowing in force: it never sees more than before", async () => {
    const { organization, people } = tenant;
    const person = await addPerson(app, { role: "member", organization });
    const scopes = ["discover", "execute", "integration:github", "model:gpt-*"];
    const { secret } = (
      await person.call("/api-keys", { body: { label: "x", type: "user", scopes } })
    ).body;
    const path = `/organizations/${organization}/members/${person.id}`;
    await people.owner.call(path, { method: "PATCH", body: { role: "viewer" } });
    const permissions = (await app.call("/v1/permissions", { key: secret })).body;
    expect(permissions.discover.skills).toEqual(["github/*"]);
    expect(permissions.execute.allowed).toBe(false);
    expect((await app.call("/key?model=claude", { key: secret })).status).toBe(403);
  });
});

describe("an end", () => {
  test("is not undone by a heartbeat that was under way", async () => {
    const { key } = tenant;
    for (let round = 0; round < 20; round++) {
      const made = (await app.call("/v1/runtimes", { key: key.secret, body: { name: "x" } })).body;
      const beat = `/v1/runtimes/${made.id}/heartbeat`;
      await Promise.all([
        app.call(beat, { key: made.secret, method: "POST" }),
        tenant.people.admin.call(`/runtimes/${made.id}`, { method: "DELETE" }),
        app.call(beat, { key: made.secret, method: "POST" }),
      ]);
      expect((await app.call("/key", { key: made.secret })).status).toBe(401);
    }
  });
});

describe("a change that changes nothing", () => {
  test("leaves no row in the audit log", async () => {
    const { admin } = tenant.people;
    const path = `/workspaces/${tenant.workspace}`;
    const body = { name: "Second" };
    expect((await admin.call(path, { method: "PATCH", body })).status).toBe(200);
    const { data } = (await admin.call(`/audit-log?target=${tenant.workspace}`)).body;
    expect(data.map(({ action }: { action: string }) => action)).toEqual(["workspace.created"]);
  });
});

describe("one tenant's change", () => {
  test("does not make the keys of others be read again", async () => {
    const other = await app.newKey();
    await app.call("/key", { key: other.secret });
    const { gate } = app.services;
    expect(gate.findHot(other.secret)).toBeDefined();
    const { owner } = tenant.people;
    await owner.call(`/hats/${tenant.hat}`, { method: "PATCH", body: { skills: ["gmail/*"] } });
    await app.services.watch.check();
    expect(gate.findHot(other.secret)).toBeDefined();
  });
});

describe("a secret that was rotated away", () => {
  test("registers no runtime to live on by in its grace period", async () => {
    const key = await app.newKey();
    await app.manage(`/api-keys/${key.id}/rotate`, { body: { grace_period_seconds: 60 } });
    expect((await app.call("/key", { key: key.secret })).status).toBe(200);
    const answer = await app.call("/v1/runtimes", { key: key.secret, body: { name: "x" } });
    expect([answer.status, answer.body.error.code]).toEqual([403, "wrong_key_type"]);
  });
});

describe("a runtime", () => {
  test("gets no other runtime's secret by the Idempotency-Key of its registration", async () => {
    const key = await app.newKey();
    const headers = { "idempotency-key": "worker-1" };
    const register = (secret: string) =>
      app.call("/v1/runtimes", { key: secret, body: { name: "worker" }, headers });
    expect((await register(key.secret)).status).toBe(201);
    const other = await app.call("/v1/runtimes", { key: key.secret, body: { name: "other" } });
    expect((await register(other.body.secret)).status).toBe(403);
  });
});

describe("the operator's key", () => {
  test("is not ended by an admin of the organization it lives in", async () => {
    const admin = await addPerson(app, { role: "admin" });
    const { data } = (await admin.call("/workspaces")).body;
    const path = `/workspaces/${data[0].id}`;
    const suspended = { method: "PATCH", body: { state: "suspended" } };
    expect((await admin.call(path, suspended)).status).toBe(409);
    await admin.call("/workspaces", { body: { slug: "spare", name: "Spare" } });
    expect((await admin.call(`${path}?confirm=default`, { method: "DELETE" })).status).toBe(409);
    expect((await app.manage("/plans")).status).toBe(200);
  });
});
