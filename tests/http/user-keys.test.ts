import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Role } from "../../src/core/tenancy.ts";
import { addPerson, type Person } from "../support/people.ts";
import { addTenant, type Tenant } from "../support/tenant.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";

let app: TestApp;
let tenant: Tenant;

beforeAll(async () => {
  app = await startTestApp();
  tenant = await addTenant(app, "acme");
});
afterAll(() => app.stop());

const newMember = (role: Role = "member") =>
  addPerson(app, { role, organization: tenant.organization });

async function newUserKey(person: Person, fields: object = {}) {
  const made = await person.call("/api-keys", { body: { label: "mine", type: "user", ...fields } });
  expect([made.status, made.body.user_id]).toEqual([201, person.id]);
  return made.body as { id: string; secret: string };
}

const statusOf = async (key: string, query = "") =>
  (await app.call(`/key${query}`, { key })).status;
const setRole = (person: Person, role: Role) =>
  tenant.people.owner.call(`/organizations/${tenant.organization}/members/${person.id}`, {
    method: "PATCH",
    body: { role },
  });

describe("a user key", () => {
  test("says whose it is, to its holder and in the audit log of what it does", async () => {
    const person = await newMember();
    const key = await newUserKey(person);
    const presented = (await app.call("/key", { key: key.secret })).body;
    expect(presented).toMatchObject({ type: "user", user_id: person.id });
    const runtime = await app.call("/v1/runtimes", { key: key.secret, body: { name: "laptop" } });
    const { data } = (await tenant.people.owner.call(`/audit-log?actor=${person.id}`)).body;
    const [registered, created] = data;
    expect(registered.target.id).toBe(runtime.body.id);
    expect(registered.actor).toEqual({ type: "key", id: key.id, user_id: person.id });
    expect(created.actor).toEqual({ type: "user", id: person.id, user_id: null });
  });

  test("is its user's and the admins' to change, and nobody else's", async () => {
    const person = await newMember();
    const key = await newUserKey(person);
    const path = `/api-keys/${key.id}`;
    const patch = { method: "PATCH", body: { label: "renamed" } };
    const other = await newMember();
    for (const attempt of [patch, { method: "DELETE" }]) {
      const refused = await other.call(path, attempt);
      expect([refused.status, refused.body.error.code]).toEqual([403, "insufficient_role"]);
    }
    const batch = { body: { ids: [key.id] } };
    expect((await other.call("/api-keys/revoke-batch", batch)).status).toBe(403);
    expect((await person.call(path, patch)).status).toBe(200);
    expect((await tenant.people.admin.call(path, { method: "DELETE" })).status).toBe(200);
    expect(await statusOf(key.secret)).toBe(401);
  });

  test("gives its new secret to its user only: an admin would become that user", async () => {
    const person = await newMember();
    const key = await newUserKey(person);
    const rotate = { method: "POST", body: {} };
    const path = `/api-keys/${key.id}/rotate`;
    for (const who of [tenant.people.admin, tenant.people.owner]) {
      expect((await who.call(path, rotate)).status).toBe(403);
    }
    expect((await app.call(path, { ...rotate, key: tenant.manager.secret })).status).toBe(403);
    const headers = { "tollgate-organization": tenant.organization };
    expect((await app.manage(path, { ...rotate, headers })).status).toBe(403);
    expect((await person.call(path, rotate)).status).toBe(200);
  });

  test("shrinks to read-only with its user's role, and grows back, with the next request", async () => {
    const person = await newMember();
    const key = await newUserKey(person);
    expect(await statusOf(key.secret, "?scope=execute")).toBe(200);
    await setRole(person, "viewer");
    expect(await statusOf(key.secret, "?scope=execute")).toBe(403);
    expect(await statusOf(key.secret, "?scope=discover")).toBe(200);
    expect((await app.call("/key", { key: key.secret })).body.scopes).toEqual(["discover"]);
    await setRole(person, "member");
    expect(await statusOf(key.secret, "?scope=execute")).toBe(200);
  });

  test("sees by the hats of its user, alone or with a team, from the next request on", async () => {
    const person = await newMember();
    const { owner } = tenant.people;
    const key = await newUserKey(person, { workspace_id: tenant.workspace });
    const skill = "?skill=github/create-issue";
    expect(await statusOf(key.secret, skill)).toBe(403);
    const wear = (id: string, method: string) =>
      owner.call(`/hats/${tenant.hat}/wearers/${id}`, { method });
    await wear(person.id, "PUT");
    expect(await statusOf(key.secret, skill)).toBe(200);
    await wear(person.id, "DELETE");
    expect(await statusOf(key.secret, skill)).toBe(403);
    await wear(tenant.team, "PUT");
    expect(await statusOf(key.secret, skill)).toBe(403);
    const team = `/teams/${tenant.team}/members/${person.id}`;
    await owner.call(team, { method: "PUT" });
    expect(await statusOf(key.secret, skill)).toBe(200);
    await owner.call(team, { method: "DELETE" });
    expect(await statusOf(key.secret, skill)).toBe(403);
    await owner.call(team, { method: "PUT" });
    await owner.call(`/teams/${tenant.team}`, { method: "DELETE" });
    expect(await statusOf(key.secret, skill)).toBe(403);
  });

  test("wears hats that its user wears, and no others", async () => {
    const person = await newMember();
    const { owner } = tenant.people;
    const workspace_id = tenant.workspace;
    const hats = [tenant.hat];
    const body = { label: "x", type: "user", workspace_id, hats };
    expect((await person.call("/api-keys", { body })).status).toBe(403);
    await owner.call(`/hats/${tenant.hat}/wearers/${person.id}`, { method: "PUT" });
    const key = await newUserKey(person, { workspace_id, hats });
    expect(await statusOf(key.secret, "?skill=github/create-issue")).toBe(200);
    await owner.call(`/hats/${tenant.hat}/wearers/${person.id}`, { method: "DELETE" });
    expect(await statusOf(key.secret, "?skill=github/create-issue")).toBe(403);
  });

  test("stops for good when its user leaves, and is not back when the user is", async () => {
    const person = await newMember();
    const key = await newUserKey(person);
    const path = `/organizations/${tenant.organization}/members/${person.id}`;
    expect((await person.call(path, { method: "DELETE" })).status).toBe(204);
    expect(await statusOf(key.secret)).toBe(401);
    const { organization } = tenant;
    await addPerson(app, { role: "member", organization, email: person.email });
    expect(await statusOf(key.secret)).toBe(401);
  });

  test("is not made with another user's name, by anybody", async () => {
    const { member, owner } = tenant.people;
    const body = { label: "x", type: "user", user_id: member.id };
    for (const answer of [
      await owner.call("/api-keys", { body }),
      await app.manage("/api-keys", { body }),
    ]) {
      expect([answer.status, answer.body.error.param]).toEqual([422, "user_id"]);
    }
    expect((await app.call("/api-keys", { body })).status).toBe(401);
  });
});

describe("nobody mints wider than themselves", () => {
  test("a member makes no workspace and no management key", async () => {
    for (const type of ["workspace", "management"]) {
      const { status, body } = await tenant.people.member.call("/api-keys", {
        body: { label: "x", type },
      });
      expect([type, status, body.error?.code]).toEqual([type, 403, "insufficient_role"]);
    }
  });

  test("an admin's management key holds what an admin may do, and no more", async () => {
    const { admin } = tenant.people;
    const make = (fields: object) =>
      admin.call("/api-keys", { body: { label: "x", type: "management", ...fields } });
    const usual = (await make({})).body;
    expect(usual.scopes).toContain("members:write");
    expect(usual.scopes).not.toContain("organizations:delete");
    for (const scopes of [["*"], ["organizations:delete"], ["plans:write"], ["users:*"]]) {
      const refused = await make({ scopes });
      expect([scopes, refused.status]).toEqual([scopes, 403]);
    }
    expect((await make({ instance_wide: true })).status).toBe(403);
    const remove = `/organizations/${tenant.organization}?confirm=acme`;
    const refused = await app.call(remove, { method: "DELETE", key: usual.secret });
    expect([refused.status, refused.body.error.code]).toEqual([403, "insufficient_scope"]);
  });

  test("an admin does not widen, rotate or revoke a management key that holds more", async () => {
    const { admin } = tenant.people;
    const path = `/api-keys/${tenant.manager.id}`;
    const attempts: [string, string, unknown][] = [
      ["PATCH", path, { label: "x" }],
      ["POST", `${path}/rotate`, {}],
      ["DELETE", path, undefined],
    ];
    for (const [method, at, body] of attempts) {
      expect([method, (await admin.call(at, { method, body })).status]).toEqual([method, 403]);
    }
  });

  test("a key of the organization's cannot be made the instance's", async () => {
    const body = { label: "x", type: "management", instance_wide: true };
    const answer = await app.call("/api-keys", { key: tenant.manager.secret, body });
    expect([answer.status, answer.body.error.code]).toEqual([403, "wrong_key_type"]);
  });

  test("limits and plans end at the organization's plan, for all but the operator", async () => {
    const { admin, member } = tenant.people;
    const beyond: object[] = [
      { limits: { requests_per_minute: 61 } },
      { limits: { requests_per_day: 1_001 } },
      { plan: "pro" },
      { plan: "unlimited", limits: { requests_per_minute: 10 } },
    ];
    for (const fields of beyond) {
      const body = { label: "x", ...fields };
      expect((await admin.call("/api-keys", { body })).status).toBe(403);
      expect((await app.call("/api-keys", { key: tenant.manager.secret, body })).status).toBe(403);
      const own = await member.call("/api-keys", { body: { ...body, type: "user" } });
      expect(own.status).toBe(403);
      const patch = await admin.call(`/api-keys/${tenant.key.id}`, {
        method: "PATCH",
        body: fields,
      });
      expect(patch.status).toBe(403);
    }
    const within = { label: "x", plan: "free", limits: { requests_per_minute: 60 } };
    expect((await admin.call("/api-keys", { body: within })).status).toBe(201);
    const headers = { "tollgate-organization": tenant.organization };
    const wide = await app.manage("/api-keys", { headers, body: { label: "x", plan: "pro" } });
    expect(wide.status).toBe(201);
    const label = { method: "PATCH", body: { label: "still wide" } };
    const renamed = await admin.call(`/api-keys/${wide.body.id}`, label);
    expect([renamed.status, renamed.body.plan]).toEqual([200, "pro"]);
  });
});
