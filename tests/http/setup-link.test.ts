import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { dayMs } from "../../src/core/clock.ts";
import { offerSetup } from "../../src/users/offer-setup.ts";
import { setUpOperator } from "../../src/users/set-up-operator.ts";
import {
  addOperator,
  addPerson,
  defaultOrganization,
  logInAs,
  newEmail,
  personOf,
  usualPassword,
} from "../support/people.ts";
import { type Answer, startTestApp, type TestApp } from "../support/test-app.ts";
import { TestClock } from "../support/test-clock.ts";

const clock = new TestClock();
let app: TestApp;
beforeEach(async () => {
  app = await startTestApp({ clock });
});
afterEach(() => app.stop());

const offer = () =>
  offerSetup(app.services.people, { actor: app.actor, baseUrl: "https://keys.example.com" });
const use = (body: Record<string, unknown>): Promise<Answer> =>
  app.call("/auth/links/use", { body: { password: usualPassword, ...body } });
const show = (token: string) => app.call("/auth/links/show", { body: { token } });

describe("the setup by command", () => {
  const setUp = (email: string, password: string) =>
    setUpOperator(app.services.people, {
      actor: app.actor,
      operator: { email, name: "Root", password },
    });

  test("makes an operator who owns the first organization; the setup link is dead", async () => {
    const { token } = await offer();
    await setUp("Root@Example.com", usualPassword);
    expect((await show(token)).status).toBe(410);
    const root = await logInAs(app, { email: "root@example.com", password: usualPassword });
    const { user, memberships } = (await root.call("/auth/session")).body;
    expect([user.is_operator, memberships[0].role]).toEqual([true, "owner"]);
  });

  test("helps in who is locked out: enabled, with the new password alone and no old session", async () => {
    const root = await addOperator(app);
    await addOperator(app);
    await app.manage(`/users/${root.id}`, { method: "PATCH", body: { state: "disabled" } });
    const password = "seven violet harbour lamps";
    await setUp(root.email.toUpperCase(), password);
    expect((await root.call("/auth/session")).status).toBe(401);
    const old = { email: root.email, password: usualPassword };
    expect((await app.call("/auth/login", { body: old })).status).toBe(401);
    const back = await logInAs(app, { ...root, password });
    expect([back.id, (await back.call("/users")).status]).toEqual([root.id, 200]);
    await expect(setUp(root.email, "Qwertyuiop123")).rejects.toThrow("easy to guess");
  });
});

describe("the setup link of a fresh instance", () => {
  test("makes an operator who is an owner of the first organization, once", async () => {
    const { token, url, expires_at } = await offer();
    expect(url).toBe(`https://keys.example.com/link#${token}`);
    expect(Date.parse(expires_at) - clock.nowMs()).toBe(dayMs);
    expect((await show(token)).body).toEqual({
      purpose: "setup",
      email: null,
      organization: null,
      role: null,
      user_exists: false,
      expires_at,
    });
    const used = await use({ token, email: "Root@Example.com", name: "Root" });
    expect(used.body.user).toMatchObject({
      email: "root@example.com",
      name: "Root",
      is_operator: true,
    });
    const organization_id = await defaultOrganization(app);
    expect(used.body.memberships).toMatchObject([{ organization_id, role: "owner" }]);
    const root = personOf(app, used, usualPassword);
    expect((await root.call("/users")).status).toBe(200);
    expect((await root.call(`/organizations/${organization_id}/members`)).status).toBe(200);
    for (const answer of [await show(token), await use({ token, email: newEmail() })]) {
      expect([answer.status, answer.body.error?.code]).toEqual([410, "link_not_valid"]);
    }
    expect((await app.manage("/users")).body.data.length).toBe(1);
  });

  test("used by two at the same moment, it makes one operator", async () => {
    const { token } = await offer();
    const uses = [1, 2, 3].map(() => use({ token, email: newEmail() }));
    const statuses = (await Promise.all(uses)).map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([200, 410, 410]);
    expect((await app.manage("/users")).body.data.length).toBe(1);
  });

  test("a later one ends it, and it ends by itself after a day", async () => {
    const [first, second] = [await offer(), await offer()];
    expect((await use({ token: first.token, email: newEmail() })).status).toBe(410);
    clock.advance(dayMs);
    expect((await use({ token: second.token, email: newEmail() })).status).toBe(410);
    const third = await offer();
    expect((await use({ token: third.token, email: newEmail() })).status).toBe(200);
  });

  test("is dead as soon as there is an operator, however that one came to be", async () => {
    const { token } = await offer();
    await addOperator(app);
    expect((await use({ token, email: newEmail() })).status).toBe(410);
    const later = await offer();
    expect((await use({ token: later.token, email: newEmail() })).status).toBe(410);
    const { data } = (await app.manage("/users")).body;
    expect(data.filter((user: Record<string, unknown>) => user["is_operator"]).length).toBe(1);
  });

  test("is not shown as one that can be used, once there is an operator", async () => {
    const { token } = await offer();
    await addOperator(app);
    expect((await show(token)).status).toBe(410);
  });

  test("takes an address nobody has and a good password; a refusal does not use it up", async () => {
    const { token } = await offer();
    const { email } = await addPerson(app, { role: "viewer" });
    const missing = await use({ token });
    expect([missing.status, missing.body.error.param]).toEqual([422, "email"]);
    const taken = await use({ token, email: email.toUpperCase() });
    expect([taken.status, taken.body.error.code]).toEqual([409, "conflict"]);
    for (const password of ["short", "Qwertyuiop123", "root@example.com"]) {
      expect((await use({ token, email: "root@example.com", password })).status).toBe(422);
    }
    expect((await use({ token, email: "no address" })).status).toBe(422);
    expect((await use({ token, email: "root@example.com" })).status).toBe(200);
  });
});
