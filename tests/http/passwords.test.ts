import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { dayMs } from "../../src/core/clock.ts";
import type { Role } from "../../src/core/tenancy.ts";
import {
  addOperator,
  addOrganization,
  addPerson,
  defaultOrganization,
  inviteTo,
  logInAs,
  newEmail,
  type Person,
  personOf,
  usualPassword,
} from "../support/people.ts";
import { type Answer, startTestApp, type TestApp } from "../support/test-app.ts";
import { TestClock } from "../support/test-clock.ts";

const clock = new TestClock();
let app: TestApp;
let home: string;
beforeAll(async () => {
  app = await startTestApp({ clock, flags: { anonymousPerMinute: "100000" } });
  home = await defaultOrganization(app);
});
afterAll(() => app.stop());

const newPassword = "seven violet harbour lamps";

const use = (token: string, password = newPassword): Promise<Answer> =>
  app.call("/auth/links/use", { body: { token, password } });
const show = (token: string): Promise<Answer> => app.call("/auth/links/show", { body: { token } });
const change = (person: Person, current_password: string, new_password: string) =>
  person.call("/auth/password", { body: { current_password, new_password } });
const logIn = async (person: Person, password: string) => {
  const body = { email: person.email, password };
  return (await app.call("/auth/login", { body })).status;
};
const statusOf = async (person: Person) => (await person.call("/auth/session")).status;

describe("changing one's password", () => {
  test("ends all sessions, begins a new one, and the old password is no more", async () => {
    const ada = await addPerson(app, { role: "member" });
    const second = await logInAs(app, ada);
    const answer = await change(ada, ada.password, newPassword);
    const renewed = personOf(app, answer, newPassword);
    expect(new Set([ada.cookie, second.cookie, renewed.cookie]).size).toBe(3);
    expect(await Promise.all([ada, second, renewed].map(statusOf))).toEqual([401, 401, 200]);
    expect((await renewed.call("/auth/sessions")).body.data.length).toBe(1);
    expect([await logIn(ada, usualPassword), await logIn(ada, newPassword)]).toEqual([401, 200]);
  });

  test("ends the links by which it could be reset", async () => {
    const ada = await addPerson(app, { role: "member" });
    const reset = await app.manage(`/users/${ada.id}/password-reset`, { method: "POST" });
    expect((await change(ada, ada.password, newPassword)).status).toBe(200);
    expect((await use(reset.body.token)).status).toBe(410);
  });

  test("takes the current one: a wrong one is 401, and all is as it was", async () => {
    const ada = await addPerson(app, { role: "member" });
    const refused = await change(ada, "not the password", newPassword);
    expect([refused.status, refused.body.error.code]).toEqual([401, "login_failed"]);
    expect(await statusOf(ada)).toBe(200);
    expect([await logIn(ada, usualPassword), await logIn(ada, newPassword)]).toEqual([200, 401]);
  });

  test("is not for a key, and for nobody without a session", async () => {
    const body = { current_password: usualPassword, new_password: newPassword };
    expect((await app.manage("/auth/password", { body })).status).toBe(401);
    expect((await app.call("/auth/password", { body })).status).toBe(401);
  });

  test("two who change it at the same moment with the old one: one does", async () => {
    const ada = await addPerson(app, { role: "member" });
    const answers = await Promise.all([
      change(ada, ada.password, newPassword),
      change(ada, ada.password, `${newPassword} too`),
    ]);
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 401]);
  });
});

describe("what may be a password", () => {
  const cases: [string, number][] = [
    ["plum kettle", 422],
    ["plum kettles", 200],
    ["abcdefgh".repeat(32), 200],
    [`${"abcdefgh".repeat(32)}i`, 422],
    ["password1234!", 422],
    ["Qwertyuiop123", 422],
    ["aaaaaaaaaaaaaaaa", 422],
    ["alllowercaseletters", 200],
    ["8141592653589793", 200],
    ["пароль моей мамы", 200],
    ["   plum   kettle   ", 200],
    // 11 characters, of two UTF-16 units each.
    ["🦊🐻🐼🐨🐯🦁🐮🐷🐸🐵🐔", 422],
    ["🦊🐻🐼🐨🐯🦁🐮🐷🐸🐵🐔🐧", 200],
  ];

  test("12 to 256 characters of any kind, and no common one: when it is changed", async () => {
    for (const [password, expected] of cases) {
      const ada = await addPerson(app, { role: "viewer" });
      const { status, body } = await change(ada, ada.password, password);
      expect([password, status]).toEqual([password, expected]);
      if (expected === 422) expect(body.error.param).toBe("new_password");
      else expect(await logIn(ada, password)).toBe(200);
    }
  });

  test("and when a link is used, which can be used again after a refusal", async () => {
    for (const [password, expected] of cases) {
      const { token } = await inviteTo(app, home, { email: newEmail(), role: "viewer" });
      const { status, body } = await use(token, password);
      expect([password, status]).toEqual([password, expected]);
      if (expected === 422) expect(body.error.param).toBe("password");
      expect((await use(token)).status).toBe(expected === 422 ? 200 : 410);
    }
  });

  test("not one's own address", async () => {
    const email = "grace.hopper@example.com";
    const { token } = await inviteTo(app, home, { email, role: "viewer" });
    for (const password of [email, email.toUpperCase(), "grace.hopper", "Grace.Hopper1906!"]) {
      expect([password, (await use(token, password)).status]).toEqual([password, 422]);
    }
    const grace = personOf(app, await use(token), newPassword);
    expect((await change(grace, newPassword, email)).status).toBe(422);
  });

  test("spaces at its ends belong to it", async () => {
    const { token } = await inviteTo(app, home, { email: newEmail(), role: "viewer" });
    const ada = personOf(app, await use(token, " plum kettle orbit "), " plum kettle orbit ");
    expect(await logIn(ada, "plum kettle orbit")).toBe(401);
    expect(await logIn(ada, " plum kettle orbit ")).toBe(200);
  });

  test("a refusal does not say the password back", async () => {
    const ada = await addPerson(app, { role: "viewer" });
    for (const password of ["Qwertyuiop123", "short one"]) {
      const { body } = await change(ada, ada.password, password);
      expect(JSON.stringify(body)).not.toContain(password);
    }
  });
});

describe("a link to a new password", () => {
  const offer = (by: Person, to: Person, organization: string): Promise<Answer> => {
    const path = `/organizations/${organization}/members/${to.id}/password-reset`;
    return by.call(path, { method: "POST" });
  };
  const offerAs = async (by: Person, to: Person): Promise<string> => {
    const { status, body } = await offer(by, to, home);
    expect(status).toBe(200);
    return body.token;
  };
  let admin: Person;
  beforeAll(async () => {
    admin = await addPerson(app, { role: "admin" });
  });

  test("by an admin for a member: it works once, ends all sessions and logs in", async () => {
    const ada = await addPerson(app, { role: "member" });
    const made = await offer(admin, ada, home);
    expect(made.body.url).toEndWith(`/link#${made.body.token}`);
    expect(Date.parse(made.body.expires_at) - clock.nowMs()).toBe(dayMs);
    // Nothing has changed for the user until it is used.
    expect([await statusOf(ada), await logIn(ada, usualPassword)]).toEqual([200, 200]);
    const shown = (await show(made.body.token)).body;
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
    const [first, second] = [await offerAs(admin, ada), await offerAs(admin, ada)];
    expect((await use(first)).status).toBe(410);
    clock.advance(dayMs);
    expect((await use(second)).status).toBe(410);
    admin = await logInAs(app, admin);
  });

  test("a weak password is refused, and the link can be used on", async () => {
    const ada = await addPerson(app, { role: "member" });
    const token = await offerAs(admin, ada);
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
      const { status, body } = await offer(admin, target, home);
      expect([status, body.error.code]).toEqual([403, "insufficient_role"]);
    }
    expect((await offer(owner, operator, home)).status).toBe(403);
    expect((await offer(owner, admin, home)).status).toBe(200);
    expect((await offer(operator, both, home)).status).toBe(200);
  });

  test("403 by viewers and members, 404 for who is no member and in a foreign organization", async () => {
    const foreign = await addOrganization(app, "foreign");
    const ada = await addPerson(app, { role: "viewer" });
    const stranger = await addPerson(app, { role: "viewer", organization: foreign });
    for (const role of ["viewer", "member"] satisfies Role[]) {
      expect((await offer(await addPerson(app, { role }), ada, home)).status).toBe(403);
    }
    expect((await offer(admin, stranger, home)).status).toBe(404);
    expect((await offer(admin, stranger, foreign)).status).toBe(404);
    expect((await offer(stranger, ada, home)).status).toBe(404);
  });

  test("made before the user joined a second organization, it is dead afterwards", async () => {
    const second = await addOrganization(app, "second");
    const ada = await addPerson(app, { role: "member" });
    const token = await offerAs(admin, ada);
    await addPerson(app, { role: "viewer", organization: second, email: ada.email });
    expect((await use(token)).status).toBe(410);
    expect(await logIn(ada, usualPassword)).toBe(200);
  });

  test("made before the user became an operator or left, it is dead afterwards", async () => {
    const [ada, bob] = [
      await addPerson(app, { role: "member" }),
      await addPerson(app, { role: "member" }),
    ];
    const tokens = [await offerAs(admin, ada), await offerAs(admin, bob)];
    await app.manage(`/users/${ada.id}`, { method: "PATCH", body: { is_operator: true } });
    await bob.call(`/organizations/${home}/members/${bob.id}`, { method: "DELETE" });
    for (const token of tokens) expect((await use(token)).status).toBe(410);
  });

  test("made by an admin before the user became an owner, it is dead afterwards", async () => {
    const ada = await addPerson(app, { role: "member" });
    const token = await offerAs(admin, ada);
    const body = { role: "owner" };
    await app.manage(`/organizations/${home}/members/${ada.id}`, { method: "PATCH", body });
    expect((await offer(admin, ada, home)).status).toBe(403);
    expect((await use(token)).status).toBe(410);
    expect(await logIn(ada, usualPassword)).toBe(200);
  });

  test("made by an admin who was demoted, removed or disabled since, it is dead", async () => {
    const tokens: string[] = [];
    for (const [path, init] of [
      ["/organizations/:/members", { method: "PATCH", body: { role: "viewer" } }],
      ["/organizations/:/members", { method: "DELETE" }],
      ["/users", { method: "PATCH", body: { state: "disabled" } }],
    ] as const) {
      const by = await addPerson(app, { role: "admin" });
      tokens.push(await offerAs(by, await addPerson(app, { role: "member" })));
      const { status } = await app.manage(`${path.replace(":", home)}/${by.id}`, init);
      expect(status).toBeLessThan(300);
    }
    const statuses = await Promise.all(tokens.map(async (token) => (await use(token)).status));
    expect(statuses).toEqual([410, 410, 410]);
  });

  test("made by somebody who is no operator any more, it is dead", async () => {
    const [operator, target] = [await addOperator(app), await addOperator(app)];
    const made = await operator.call(`/users/${target.id}/password-reset`, { method: "POST" });
    expect(made.status).toBe(200);
    const body = { is_operator: false };
    await app.manage(`/users/${operator.id}`, { method: "PATCH", body });
    expect((await use(made.body.token)).status).toBe(410);
    expect(await logIn(target, usualPassword)).toBe(200);
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
