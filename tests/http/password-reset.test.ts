import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { dayMs } from "../../src/core/clock.ts";
import type { Role } from "../../src/core/tenancy.ts";
import {
  addOperator,
  addOrganization,
  addPerson,
  defaultOrganization,
  logInAs,
  type Person,
  personOf,
  usualPassword,
} from "../support/people.ts";
import { type Answer, startTestApp, type TestApp } from "../support/test-app.ts";
import { TestClock } from "../support/test-clock.ts";

const newPassword = "seven violet harbour lamps";

const clock = new TestClock();
let app: TestApp;
let home: string;
let admin: Person;
beforeAll(async () => {
  app = await startTestApp({ clock, flags: { anonymousPerMinute: "100000" } });
  home = await defaultOrganization(app);
  admin = await addPerson(app, { role: "admin" });
});
afterAll(() => app.stop());

const use = (token: string, password = newPassword): Promise<Answer> =>
  app.call("/auth/links/use", { body: { token, password } });
const logIn = async ({ email }: Person, password: string) =>
  (await app.call("/auth/login", { body: { email, password } })).status;
const statusOf = async (person: Person) => (await person.call("/auth/session")).status;

/** A link for a member, by another of the organization. */
const offer = (by: Person, to: Person, organization = home): Promise<Answer> =>
  by.call(`/organizations/${organization}/members/${to.id}/password-reset`, { method: "POST" });

async function tokenBy(by: Person, to: Person): Promise<string> {
  const { status, body } = await offer(by, to);
  expect(status).toBe(200);
  return body.token;
}

describe("a link to a new password", () => {
  test("by an admin for a member: it works once, ends all sessions and logs in", async () => {
    const ada = await addPerson(app, { role: "member" });
    const made = await offer(admin, ada);
    expect(made.body.url).toEndWith(`/link#${made.body.token}`);
    expect(Date.parse(made.body.expires_at) - clock.nowMs()).toBe(dayMs);
    // Nothing has changed for the user until it is used.
    expect([await statusOf(ada), await logIn(ada, usualPassword)]).toEqual([200, 200]);
    const shown = (await app.call("/auth/links/show", { body: { token: made.body.token } })).body;
    expect(shown).toMatchObject({
      purpose: "password_reset",
      email: ada.email,
      organization: null,
      role: null,
      user_exists: false,
    });
    const renewed = personOf(app, await use(made.body.token), newPassword);
    expect(renewed.id).toBe(ada.id);
    expect([await statusOf(ada), await statusOf(renewed)]).toEqual([401, 200]);
    expect([await logIn(ada, usualPassword), await logIn(ada, newPassword)]).toEqual([401, 200]);
    expect((await use(made.body.token, usualPassword)).status).toBe(410);
  });

  test("it works for a day; a later one ends it", async () => {
    const ada = await addPerson(app, { role: "member" });
    const [first, second] = [await tokenBy(admin, ada), await tokenBy(admin, ada)];
    expect((await use(first)).status).toBe(410);
    clock.advance(dayMs);
    expect((await use(second)).status).toBe(410);
    admin = await logInAs(app, admin);
  });

  test("a weak password is refused, and the link can be used on", async () => {
    const ada = await addPerson(app, { role: "member" });
    const token = await tokenBy(admin, ada);
    for (const weak of ["Qwertyuiop123", "short", "x".repeat(257)]) {
      expect((await use(token, weak)).status).toBe(422);
    }
    expect(await statusOf(ada)).toBe(200);
    expect((await use(token)).status).toBe(200);
  });

  test("403 for an owner, an operator and who is in another organization too, by an admin", async () => {
    const elsewhere = await addOrganization(app, "elsewhere");
    const owner = await addPerson(app, { role: "owner" });
    const operator = await addOperator(app);
    const both = await addPerson(app, { role: "viewer" });
    await addPerson(app, { role: "viewer", organization: elsewhere, email: both.email });
    for (const target of [owner, operator, both]) {
      const { status, body } = await offer(admin, target);
      expect([status, body.error.code]).toEqual([403, "insufficient_role"]);
    }
    expect((await offer(owner, operator)).status).toBe(403);
    expect((await offer(owner, admin)).status).toBe(200);
    expect((await offer(operator, both)).status).toBe(200);
  });

  test("403 by viewers and members, 404 for who is no member and in a foreign organization", async () => {
    const foreign = await addOrganization(app, "foreign");
    const ada = await addPerson(app, { role: "viewer" });
    const stranger = await addPerson(app, { role: "viewer", organization: foreign });
    for (const role of ["viewer", "member"] satisfies Role[]) {
      expect((await offer(await addPerson(app, { role }), ada)).status).toBe(403);
    }
    expect((await offer(admin, stranger)).status).toBe(404);
    expect((await offer(admin, stranger, foreign)).status).toBe(404);
    expect((await offer(stranger, ada)).status).toBe(404);
  });

  test("the operator makes one for anybody, nobody else does", async () => {
    const operator = await addOperator(app);
    const owner = await addPerson(app, { role: "owner" });
    const path = `/users/${operator.id}/password-reset`;
    for (const by of [owner, admin]) {
      expect((await by.call(path, { method: "POST" })).status).toBe(403);
    }
    expect((await operator.call("/users/usr_none/password-reset", { method: "POST" })).status).toBe(
      404,
    );
    const ofOwner = await operator.call(`/users/${owner.id}/password-reset`, { method: "POST" });
    const ofOperator = await app.manage(path, { method: "POST" });
    for (const { body } of [ofOwner, ofOperator]) {
      expect((await use(body.token)).status).toBe(200);
    }
  });

  test("it does not help a disabled user in", async () => {
    const ada = await addPerson(app, { role: "member" });
    const { body } = await app.manage(`/users/${ada.id}/password-reset`, { method: "POST" });
    await app.manage(`/users/${ada.id}`, { method: "PATCH", body: { state: "disabled" } });
    expect((await use(body.token)).status).toBe(410);
  });
});

describe("a link that was made before things changed", () => {
  test("is dead when made before the user joined a second organization", async () => {
    const second = await addOrganization(app, "second");
    const ada = await addPerson(app, { role: "member" });
    const token = await tokenBy(admin, ada);
    await addPerson(app, { role: "viewer", organization: second, email: ada.email });
    expect((await use(token)).status).toBe(410);
    expect(await logIn(ada, usualPassword)).toBe(200);
  });

  test("is dead when made before the user became an operator or left", async () => {
    const [ada, bob] = [
      await addPerson(app, { role: "member" }),
      await addPerson(app, { role: "member" }),
    ];
    const tokens = [await tokenBy(admin, ada), await tokenBy(admin, bob)];
    await app.manage(`/users/${ada.id}`, { method: "PATCH", body: { is_operator: true } });
    await bob.call(`/organizations/${home}/members/${bob.id}`, { method: "DELETE" });
    for (const token of tokens) expect((await use(token)).status).toBe(410);
  });

  test("is dead when made by an admin before the user became an owner", async () => {
    const ada = await addPerson(app, { role: "member" });
    const token = await tokenBy(admin, ada);
    const body = { role: "owner" };
    const path = `/organizations/${home}/members/${ada.id}`;
    expect((await app.manage(path, { method: "PATCH", body })).status).toBe(200);
    expect((await offer(admin, ada)).status).toBe(403);
    expect((await use(token)).status).toBe(410);
    expect(await logIn(ada, usualPassword)).toBe(200);
  });

  test("is dead when made by an admin who was demoted, removed or disabled since", async () => {
    const tokens: string[] = [];
    for (const [path, init] of [
      ["/organizations/:/members", { method: "PATCH", body: { role: "viewer" } }],
      ["/organizations/:/members", { method: "DELETE" }],
      ["/users", { method: "PATCH", body: { state: "disabled" } }],
    ] as const) {
      const by = await addPerson(app, { role: "admin" });
      tokens.push(await tokenBy(by, await addPerson(app, { role: "member" })));
      const { status } = await app.manage(`${path.replace(":", home)}/${by.id}`, init);
      expect(status).toBeLessThan(300);
    }
    const statuses = await Promise.all(tokens.map(async (token) => (await use(token)).status));
    expect(statuses).toEqual([410, 410, 410]);
  });

  test("is dead when made by somebody who is no operator any more", async () => {
    const [operator, target] = [await addOperator(app), await addOperator(app)];
    const made = await operator.call(`/users/${target.id}/password-reset`, { method: "POST" });
    expect(made.status).toBe(200);
    const body = { is_operator: false };
    const demoted = await app.manage(`/users/${operator.id}`, { method: "PATCH", body });
    expect(demoted.status).toBe(200);
    expect((await use(made.body.token)).status).toBe(410);
    expect(await logIn(target, usualPassword)).toBe(200);
  });
});
