import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { dayMs } from "../../src/core/clock.ts";
import { addOrganization, addPerson, type Person } from "../support/people.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { TestClock } from "../support/test-clock.ts";

let app: TestApp;
let clock: TestClock;
let organization: string;
let admin: Person;
let made = 0;

beforeAll(async () => {
  clock = new TestClock();
  app = await startTestApp({ clock });
});
afterAll(() => app.stop());
beforeEach(async () => {
  organization = await addOrganization(app, `org-${++made}`);
  admin = await addPerson(app, { role: "admin", organization });
  await manage(`/organizations/${organization}/credits`, { body: { kind: "grant", amount: 100 } });
});

const manage = (path: string, init: object = {}) =>
  app.manage(path, { headers: { "tollgate-organization": organization }, ...init });
const spend = async (secret: string, cost: number) =>
  (await manage("/v1/keys/verify", { body: { key: secret, cost } })).body;
const hold = async (secret: string, max_cost: number) =>
  (await manage("/v1/holds", { body: { key: secret, max_cost } })).body;
const limits = { requests_per_minute: 10_000, requests_per_day: 100_000 };

async function newWorkspace(fields: object): Promise<{ id: string }> {
  const body = { slug: `ws-${++made}`, name: "W", ...fields };
  const answer = await manage("/workspaces", { body });
  expect([answer.status, answer.body]).toEqual([201, answer.body]);
  return answer.body;
}

async function newKeys(workspace_id: string, count: number): Promise<string[]> {
  const keys = Array.from({ length: count }, async () => {
    const body = { label: "x", limits, workspace_id };
    return (await manage("/api-keys", { body })).body.secret;
  });
  return Promise.all(keys);
}

async function newUserKey(person: Person, fields: object = {}): Promise<string> {
  const made = await person.call("/api-keys", { body: { label: "mine", type: "user", ...fields } });
  // The free plan's 60 a minute are in the way of what is tested here.
  await manage(`/api-keys/${made.body.id}`, { method: "PATCH", body: { limits } });
  return made.body.secret;
}

const show = async (id: string) => (await manage(`/workspaces/${id}`)).body;
const member = (userId: string) => `/organizations/${organization}/members/${userId}`;
const changeMember = (by: Person, userId: string, body: object) =>
  by.call(member(userId), { method: "PATCH", body });

describe("the spend limit of a workspace", () => {
  test("is set, changed, lifted and shown with what is spent and left", async () => {
    const { id } = await newWorkspace({ spend_limit: 5, spend_limit_reset: "monthly" });
    const [secret = ""] = await newKeys(id, 1);
    expect(await show(id)).toMatchObject({
      spend_limit: 5,
      spend_limit_reset: "monthly",
      usage: 0,
      limit_remaining: 5,
    });
    await spend(secret, 1.25);
    await hold(secret, 2);
    expect(await show(id)).toMatchObject({ usage: 1.25, limit_remaining: 1.75 });
    const { data } = (await admin.call("/workspaces")).body;
    const listed = data.find((workspace: { id: string }) => workspace.id === id);
    expect(listed).toMatchObject({ usage: 1.25, limit_remaining: 1.75 });
    const change = (body: object) => admin.call(`/workspaces/${id}`, { method: "PATCH", body });
    expect((await change({ spend_limit: 3 })).body).toMatchObject({
      spend_limit: 3,
      limit_remaining: 0,
    });
    expect((await spend(secret, 0.000001)).code).toBe("SPEND_LIMIT_REACHED");
    expect((await change({ spend_limit: null })).body).toMatchObject({
      spend_limit: null,
      limit_remaining: null,
      usage: 1.25,
    });
    expect((await spend(secret, 10)).valid).toBe(true);
    const audit = (await admin.call("/audit-log?action=workspace.changed&limit=1")).body.data[0];
    expect(audit.changes).toEqual({
      before: { spend_limit: 3, limit_remaining: 0 },
      after: { spend_limit: null, limit_remaining: null },
    });
  });

  test("holds over all its keys at once: of many spends exactly as many pass as fit", async () => {
    const { id } = await newWorkspace({ spend_limit: 7 });
    const secrets = await newKeys(id, 5);
    const asked = Array.from({ length: 60 }, (_, at) => spend(secrets[at % 5] ?? "", 1));
    const verdicts = await Promise.all(asked);
    expect(verdicts.filter(({ valid }) => valid)).toHaveLength(7);
    const refused = verdicts.find(({ valid }) => !valid);
    expect(refused).toMatchObject({
      code: "SPEND_LIMIT_REACHED",
      shortage: { of: "workspace", left: 0, asked: 1 },
    });
    expect(await show(id)).toMatchObject({ usage: 7, limit_remaining: 0 });
    const other = await app.call("/key?cost=0.5", { key: secrets[0] ?? "" });
    expect([other.status, other.body.error.code, other.body.error.shortage.of]).toEqual([
      402,
      "spend_limit_reached",
      "workspace",
    ]);
  });

  for (const [reset, start, untilNext] of [
    ["daily", "2027-03-03T23:00:00Z", "2027-03-04T00:00:00Z"],
    ["weekly", "2027-03-14T23:00:00Z", "2027-03-15T00:00:00Z"],
    ["monthly", "2027-04-30T23:00:00Z", "2027-05-01T00:00:00Z"],
  ] as const) {
    test(`begins anew ${reset}, to the millisecond`, async () => {
      clock.advance(Date.parse(start) - clock.nowMs());
      const { id } = await newWorkspace({ spend_limit: 2, spend_limit_reset: reset });
      const [secret = ""] = await newKeys(id, 1);
      expect((await spend(secret, 2)).valid).toBe(true);
      clock.advance(Date.parse(untilNext) - clock.nowMs() - 1);
      expect((await spend(secret, 1)).code).toBe("SPEND_LIMIT_REACHED");
      expect((await show(id)).limit_remaining).toBe(0);
      clock.advance(1);
      expect(await show(id)).toMatchObject({ usage: 2, limit_remaining: 2 });
      expect((await spend(secret, 2)).valid).toBe(true);
      expect((await spend(secret, 0.000001)).code).toBe("SPEND_LIMIT_REACHED");
    });
  }

  test("is set by an admin at least", async () => {
    const { id } = await newWorkspace({});
    for (const role of ["viewer", "member"] as const) {
      const person = await addPerson(app, { role, organization });
      const body = { spend_limit: 1_000 };
      const answer = await person.call(`/workspaces/${id}`, { method: "PATCH", body });
      expect([role, answer.status]).toEqual([role, 403]);
    }
  });
});

describe("the spend limit of a member", () => {
  test("holds over all the keys of the user there, and over nobody else's", async () => {
    const user = await addPerson(app, { role: "member", organization });
    const other = await addPerson(app, { role: "member", organization });
    const set = await changeMember(admin, user.id, { spend_limit: 4, spend_limit_reset: "daily" });
    expect(set.body).toMatchObject({ role: "member", spend_limit: 4, limit_remaining: 4 });
    const keys = [await newUserKey(user), await newUserKey(user)];
    const asked = Array.from({ length: 30 }, (_, at) => spend(keys[at % 2] ?? "", 1));
    const verdicts = await Promise.all(asked);
    expect(verdicts.filter(({ valid }) => valid)).toHaveLength(4);
    const refused = verdicts.find(({ valid }) => !valid);
    expect(refused.shortage).toEqual({ of: "user", left: 0, asked: 1 });
    expect((await spend(await newUserKey(other), 10)).valid).toBe(true);
    expect((await admin.call(member(user.id))).body).toMatchObject({
      usage: 4,
      limit_remaining: 0,
    });
    const listed = (await admin.call(`/organizations/${organization}/members`)).body.data;
    const row = listed.find(({ user_id }: { user_id: string }) => user_id === user.id);
    expect(row).toMatchObject({ usage: 4, limit_remaining: 0 });
    clock.advance(dayMs);
    expect((await spend(keys[0] ?? "", 1)).valid).toBe(true);
    expect((await manage(member(user.id))).body).toMatchObject({
      usage: 5,
      limit_remaining: 3,
    });
  });

  test("is not raised by the member, and changes neither role nor invitations", async () => {
    const user = await addPerson(app, { role: "member", organization });
    await changeMember(admin, user.id, { spend_limit: 1 });
    for (const body of [{ spend_limit: 100 }, { spend_limit: null }, { role: "admin" }]) {
      expect((await changeMember(user, user.id, body)).status).toBe(403);
    }
    const second = await addPerson(app, { role: "admin", organization });
    const invited = { email: `guest-${made}@example.com`, role: "viewer" };
    const path = `/organizations/${organization}/invitations`;
    expect((await second.call(path, { body: invited })).status).toBe(201);
    await changeMember(admin, second.id, { spend_limit: 3 });
    expect((await admin.call(path)).body.data).toHaveLength(1);
    const { body } = await changeMember(admin, second.id, { role: "viewer" });
    expect(body).toMatchObject({ role: "viewer", spend_limit: 3 });
    expect((await admin.call(path)).body.data).toHaveLength(0);
  });

  test("of who has a higher role is not an admin's affair", async () => {
    const owner = await addPerson(app, { role: "owner", organization });
    expect((await changeMember(admin, owner.id, { spend_limit: 0 })).status).toBe(403);
    expect((await changeMember(owner, owner.id, { spend_limit: 9 })).status).toBe(200);
  });

  test("stays when the key is rotated or a new one is made", async () => {
    const user = await addPerson(app, { role: "member", organization });
    await changeMember(admin, user.id, { spend_limit: 1 });
    await spend(await newUserKey(user), 1);
    const fresh = await newUserKey(user, { spend_limit: 1_000 });
    expect((await spend(fresh, 0.5)).shortage).toEqual({ of: "user", left: 0, asked: 0.5 });
  });
});

describe.each([-1, 1e308, 0.0000001, 1e9 + 1, "1", Number.POSITIVE_INFINITY])(
  "a spend limit of %p",
  (amount) => {
    // NaN and Infinity are no JSON: they arrive as null, which lifts the limit; 1e999 is Infinity.
    const text = amount === Number.POSITIVE_INFINITY ? "1e999" : JSON.stringify(amount);
    const headers = { "content-type": "application/json" };

    test("is 422 for a workspace, made or changed", async () => {
      const { id } = await newWorkspace({});
      const create = `{"slug":"edge","name":"E","spend_limit":${text}}`;
      const post = await admin.call("/workspaces", { method: "POST", body: create, headers });
      expect([post.status, post.body.error.param]).toEqual([422, "spend_limit"]);
      const body = `{"spend_limit":${text}}`;
      const patch = await admin.call(`/workspaces/${id}`, { method: "PATCH", body, headers });
      expect([patch.status, patch.body.error.param]).toEqual([422, "spend_limit"]);
    });

    test("is 422 for a member", async () => {
      const body = `{"spend_limit":${text}}`;
      const patch = await admin.call(member(admin.id), { method: "PATCH", body, headers });
      expect([patch.status, patch.body.error.param]).toEqual([422, "spend_limit"]);
    });
  },
);

test("a spend limit of 0 lets nothing pass but what is free", async () => {
  const { id } = await newWorkspace({ spend_limit: 0 });
  const [secret = ""] = await newKeys(id, 1);
  expect((await show(id)).limit_remaining).toBe(0);
  expect((await spend(secret, 0.000001)).code).toBe("SPEND_LIMIT_REACHED");
  expect((await spend(secret, 0)).valid).toBe(true);
});
