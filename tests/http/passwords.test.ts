import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
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

let app: TestApp;
let home: string;
beforeAll(async () => {
  app = await startTestApp({ flags: { anonymousPerMinute: "100000" } });
  home = await defaultOrganization(app);
});
afterAll(() => app.stop());

const newPassword = "seven violet harbour lamps";

const use = (token: string, password = newPassword): Promise<Answer> =>
  app.call("/auth/links/use", { body: { token, password } });
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

  test("a character is one, however many bytes it takes", async () => {
    const ada = await addPerson(app, { role: "viewer" });
    const { token } = await inviteTo(app, home, { email: newEmail(), role: "viewer" });
    // 11 characters, of two UTF-16 units each.
    const short = "🦊🐻🐼🐨🐯🦁🐮🐷🐸🐵🐔";
    const statuses = [(await use(token, short)).status];
    statuses.push((await change(ada, ada.password, short)).status);
    expect(statuses).toEqual([422, 422]);
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
