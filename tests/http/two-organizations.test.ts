import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  addOrganization,
  addPerson,
  inviteTo,
  logInAs,
  type Person,
  usualPassword,
} from "../support/people.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";

let app: TestApp;
let acme: string;
let other: string;
let third: string;
beforeAll(async () => {
  app = await startTestApp({ flags: { anonymousPerMinute: "100000" } });
  acme = await addOrganization(app, "acme");
  other = await addOrganization(app, "other");
  third = await addOrganization(app, "third");
});
afterAll(() => app.stop());

/** An admin of the one who is a viewer of the other. */
async function addToBoth(): Promise<Person> {
  const { email } = await addPerson(app, { role: "admin", organization: acme });
  return addPerson(app, { role: "viewer", organization: other, email });
}

describe("a user who is invited into a second organization", () => {
  test("has to give their own password: a wrong one is 401, and the link can be used on", async () => {
    const ada = await addPerson(app, { role: "member", organization: acme });
    const { token } = await inviteTo(app, other, { email: ada.email, role: "viewer" });
    expect((await app.call("/auth/links/show", { body: { token } })).body.user_exists).toBe(true);
    const use = (password: string) =>
      app.call("/auth/links/use", { body: { token, password, name: "Somebody else" } });
    const wrong = await use("a new password of another");
    expect([wrong.status, wrong.body.error.code]).toEqual([401, "login_failed"]);
    expect(wrong.headers.has("set-cookie")).toBe(false);
    const right = await use(usualPassword);
    expect(right.body.memberships).toMatchObject([
      { organization_id: acme, role: "member" },
      { organization_id: other, role: "viewer" },
    ]);
    expect(right.body.user).toMatchObject({ id: ada.id, name: ada.email.split("@")[0] });
    expect((await use(usualPassword)).status).toBe(410);
    // Password and sessions are as they were.
    expect((await ada.call("/auth/session")).status).toBe(200);
    expect((await logInAs(app, ada)).id).toBe(ada.id);
  });

  test("cannot come in while disabled", async () => {
    const ada = await addPerson(app, { role: "member", organization: acme });
    const { token } = await inviteTo(app, other, { email: ada.email, role: "viewer" });
    await app.manage(`/users/${ada.id}`, { method: "PATCH", body: { state: "disabled" } });
    const body = { token, password: usualPassword };
    expect((await app.call("/auth/links/use", { body })).status).toBe(401);
    await app.manage(`/users/${ada.id}`, { method: "PATCH", body: { state: "active" } });
    expect((await app.call("/auth/links/use", { body })).status).toBe(200);
  });
});

describe("a member of two organizations", () => {
  test("has to say which one a call is about: 422 that names the header", async () => {
    const both = await addToBoth();
    for (const path of ["/api-keys", "/workspaces", "/teams", "/hats", "/runtimes"]) {
      const { status, body } = await both.call(path);
      expect([path, status, body.error.param]).toEqual([path, 422, "Tollgate-Organization"]);
    }
    const made = await both.call("/api-keys", { body: { label: "whose?" } });
    expect([made.status, made.body.error.param]).toEqual([422, "Tollgate-Organization"]);
    expect((await both.call("/organizations")).body.data.length).toBe(2);
    expect((await both.call("/auth/session")).status).toBe(200);
  });

  test("names it by id or slug, and is there what they are there", async () => {
    const both = await addToBoth();
    for (const [name, status] of [
      [acme, 201],
      ["acme", 201],
      [other, 403],
      ["other", 403],
      [third, 404],
      ["third", 404],
      ["org_none", 404],
    ] as const) {
      const headers = { "Tollgate-Organization": name };
      const made = await both.call("/workspaces", {
        body: { slug: `by-${name.slice(-20).replace("_", "-")}`, name: "By header" },
        headers,
      });
      expect([name, made.status]).toEqual([name, status]);
    }
  });

  test("sees under each name what belongs to it; ids of the other one are 404", async () => {
    const both = await addToBoth();
    const here = { "Tollgate-Organization": "acme" };
    const there = { "Tollgate-Organization": "other" };
    const made = await app.manage("/api-keys", { body: { label: "hers" }, headers: there });
    const key = `/api-keys/${made.body.id}`;
    expect((await both.call(key, { headers: there })).status).toBe(200);
    expect((await both.call(key, { headers: here })).status).toBe(404);
    for (const init of [{ method: "DELETE" }, { method: "PATCH", body: { label: "mine" } }]) {
      expect((await both.call(key, { ...init, headers: here })).status).toBe(404);
      expect((await both.call(key, { ...init, headers: there })).status).toBe(403);
    }
    const listed = (await both.call("/api-keys", { headers: here })).body.data;
    expect(JSON.stringify(listed)).not.toContain(made.body.id);
    const stranger = await addPerson(app, { role: "member", organization: other });
    const member = (organization: string) =>
      both.call(`/organizations/${organization}/members/${stranger.id}`);
    expect((await member(acme)).status).toBe(404);
    expect((await member(other)).status).toBe(200);
  });

  test("the organization in the path goes before the one in the header", async () => {
    const both = await addToBoth();
    const headers = { "Tollgate-Organization": acme };
    const shown = await both.call(`/organizations/${other}`, { headers });
    expect(shown.body.id).toBe(other);
    const body = { name: "Renamed" };
    const renamed = await both.call(`/organizations/${other}`, { method: "PATCH", body, headers });
    expect(renamed.status).toBe(403);
    expect((await both.call(`/organizations/${third}`, { headers })).status).toBe(404);
  });

  test("who has left one goes on in the other, and need not say which any more", async () => {
    const both = await addToBoth();
    const leave = `/organizations/${other}/members/${both.id}`;
    expect((await both.call(leave, { method: "DELETE" })).status).toBe(204);
    expect((await both.call("/workspaces")).status).toBe(200);
    expect((await both.call(`/organizations/${other}`)).status).toBe(404);
    const headers = { "Tollgate-Organization": other };
    expect((await both.call("/workspaces", { headers })).status).toBe(404);
  });

  test("a suspended one is refused, the other one is not", async () => {
    const both = await addToBoth();
    const path = `/organizations/${other}`;
    await app.manage(path, { method: "PATCH", body: { state: "suspended" } });
    const refused = await both.call(path);
    expect([refused.status, refused.body.error.code]).toEqual([403, "owner_suspended"]);
    expect((await both.call(`/organizations/${acme}`)).status).toBe(200);
    await app.manage(path, { method: "PATCH", body: { state: "active" } });
    expect((await both.call(path)).status).toBe(200);
  });
});
