import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { dayMs } from "../../src/core/clock.ts";
import type { Role } from "../../src/core/tenancy.ts";
import { scopesOfRole } from "../../src/http/route-access.ts";
import {
  addOperator,
  addOrganization,
  addPerson,
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
let acme: string;
let other: string;
beforeAll(async () => {
  app = await startTestApp({ clock, flags: { anonymousPerMinute: "100000" } });
  [acme, other] = [await addOrganization(app, "acme"), await addOrganization(app, "other")];
});
afterAll(() => app.stop());

const use = (token: string, password = usualPassword): Promise<Answer> =>
  app.call("/auth/links/use", { body: { token, password } });
const show = (token: string): Promise<Answer> => app.call("/auth/links/show", { body: { token } });
const add = (role: Role, organization = acme) => addPerson(app, { role, organization });
const invite = (by: Person, role: Role, email = newEmail()): Promise<Answer> =>
  by.call(`/organizations/${acme}/invitations`, { body: { email, role } });
const pathOf = ({ id }: Person) => `/organizations/${acme}/members/${id}`;

async function expectDead(token: string): Promise<void> {
  for (const answer of [await show(token), await use(token)]) {
    expect([answer.status, answer.body.error?.code]).toEqual([410, "link_not_valid"]);
  }
}

describe("an invitation", () => {
  test("its link tells what it is for, and lets a new person in, once", async () => {
    const owner = await add("owner");
    const email = newEmail();
    const made = await invite(owner, "member", email.toUpperCase());
    expect(made.status).toBe(201);
    const { token, url } = made.body;
    expect(token).toMatch(/^[0-9a-f]{64}$/);
    expect(url).toEndWith(`/link#${token}`);
    expect(made.body).toMatchObject({ email, role: "member", created_by: owner.id });
    expect(Date.parse(made.body.expires_at) - clock.nowMs()).toBe(7 * dayMs);
    for (let time = 0; time < 2; time++) {
      expect((await show(token)).body).toEqual({
        purpose: "invitation",
        email,
        organization: "acme",
        role: "member",
        user_exists: false,
        expires_at: made.body.expires_at,
      });
    }
    const body = { token, password: usualPassword, name: "Grace" };
    const used = await app.call("/auth/links/use", { body });
    expect(used.body.user).toMatchObject({ email, name: "Grace", is_operator: false });
    expect(used.body.memberships).toMatchObject([{ organization_id: acme, role: "member" }]);
    const grace = personOf(app, used, usualPassword);
    expect((await grace.call(`/organizations/${acme}`)).status).toBe(200);
    await expectDead(token);
    expect((await logInAs(app, grace)).id).toBe(grace.id);
  });

  test("used twice at the same moment, it lets one in", async () => {
    const { token } = await inviteTo(app, acme, { email: newEmail(), role: "owner" });
    const answers = await Promise.all([1, 2, 3].map(() => use(token)));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 410, 410]);
  });

  test("it expires after seven days, and not before", async () => {
    const body = { email: newEmail(), role: "viewer" } as const;
    const [first, second] = [await inviteTo(app, acme, body), await inviteTo(app, other, body)];
    clock.advance(7 * dayMs - 1);
    expect((await use(first.token)).status).toBe(200);
    clock.advance(1);
    await expectDead(second.token);
    expect((await app.manage(`/organizations/${other}/invitations`)).body.data).toEqual([]);
  });

  test("a second one of the same person ends the first, in this organization alone", async () => {
    const email = newEmail();
    const first = await inviteTo(app, acme, { email, role: "admin" });
    const elsewhere = await inviteTo(app, other, { email, role: "viewer" });
    const second = await inviteTo(app, acme, { email: email.toUpperCase(), role: "viewer" });
    await expectDead(first.token);
    expect((await use(second.token)).body.memberships).toMatchObject([{ role: "viewer" }]);
    expect((await use(elsewhere.token)).status).toBe(200);
  });

  test("one that is withdrawn is dead; it is 404 from then on", async () => {
    const admin = await add("admin");
    const made = (await invite(admin, "member")).body;
    const path = `/organizations/${acme}/invitations/${made.id}`;
    expect((await admin.call(path, { method: "DELETE" })).status).toBe(204);
    await expectDead(made.token);
    expect((await admin.call(path, { method: "DELETE" })).status).toBe(404);
  });

  test("what was made up, is too long or is another kind of token is 410 or 422", async () => {
    const ada = await add("viewer");
    for (const token of ["0".repeat(64), ada.cookie.split("=")[1] ?? "", "x", "' OR 1=1 --"]) {
      await expectDead(token);
    }
    for (const token of ["", "0".repeat(129)]) expect((await show(token)).status).toBe(422);
  });

  test("a token of a link is no session, and the id of an invitation opens nothing", async () => {
    const { id, token } = await inviteTo(app, acme, { email: newEmail(), role: "owner" });
    const headers = { cookie: `__Host-tollgate_session=${token}` };
    expect((await app.call("/auth/session", { headers })).status).toBe(401);
    await expectDead(id);
  });

  test("the list shows what waits, without any token", async () => {
    const lists = await addOrganization(app, "lists");
    const admin = await add("admin", lists);
    const made = await inviteTo(app, lists, { email: newEmail(), role: "viewer" });
    const { body } = await admin.call(`/organizations/${lists}/invitations`);
    const { url: _, token: __, ...shown } = made as Record<string, unknown>;
    expect(body.data).toEqual([shown]);
    await use(made.token);
    expect((await admin.call(`/organizations/${lists}/invitations`)).body.data).toEqual([]);
  });

  test("a member is not invited again", async () => {
    const [admin, member] = [await add("admin"), await add("member")];
    const again = await invite(admin, "viewer", member.email.toUpperCase());
    expect([again.status, again.body.error.code]).toEqual([409, "conflict"]);
  });

  test("the link of an organization that was deleted meanwhile is dead", async () => {
    const gone = await addOrganization(app, "gone");
    const { token } = await inviteTo(app, gone, { email: newEmail(), role: "viewer" });
    const path = `/organizations/${gone}?confirm=gone`;
    expect((await app.manage(path, { method: "DELETE" })).status).toBe(204);
    expect((await use(token)).status).toBe(410);
    expect((await show(token)).status).toBe(410);
  });
});

describe("who may invite as what", () => {
  test("nobody above themselves; viewers and members nobody", async () => {
    const allowed: Record<Role, Role[]> = {
      viewer: [],
      member: [],
      admin: ["viewer", "member", "admin"],
      owner: ["viewer", "member", "admin", "owner"],
    };
    const roles = Object.keys(allowed) as Role[];
    for (const role of roles) {
      const inviter = await add(role);
      for (const given of roles) {
        const { status, body } = await invite(inviter, given);
        const expected = allowed[role].includes(given) ? 201 : 403;
        expect([role, given, status]).toEqual([role, given, expected]);
        if (status === 403) expect(body.error.code).toBe("insufficient_role");
      }
    }
  });

  test("a management key that holds what an admin may counts as one, and with less invites nobody", async () => {
    const headers = { "Tollgate-Organization": acme };
    const key = async (scopes: string[]) => {
      const body = { label: "inviter", type: "management", scopes };
      return (await app.manage("/api-keys", { body, headers })).body.secret as string;
    };
    const writer = await key(scopesOfRole("admin"));
    const narrow = await key(["members:write", "members:read"]);
    const reader = await key(["members:read"]);
    const ask = async (secret: string, role: Role, organization = acme) => {
      const path = `/organizations/${organization}/invitations`;
      return (await app.call(path, { key: secret, body: { email: newEmail(), role } })).status;
    };
    expect(await ask(writer, "owner")).toBe(403);
    expect(await ask(writer, "admin")).toBe(201);
    expect(await ask(writer, "viewer", other)).toBe(404);
    for (const secret of [reader, narrow]) expect(await ask(secret, "viewer")).toBe(403);
    const owner = await add("owner");
    for (const init of [{ method: "PATCH", body: { role: "viewer" } }, { method: "DELETE" }]) {
      expect((await app.call(pathOf(owner), { key: writer, ...init })).status).toBe(403);
    }
  });

  test("those made by somebody who was removed or demoted since are dead", async () => {
    const [removed, demoted, admin] = [await add("owner"), await add("owner"), await add("admin")];
    const dead = [
      (await invite(removed, "owner")).body.token,
      (await invite(demoted, "owner")).body.token,
    ];
    const alive = (await invite(admin, "admin")).body.token;
    expect((await app.manage(pathOf(removed), { method: "DELETE" })).status).toBe(204);
    const body = { role: "viewer" };
    expect((await app.manage(pathOf(demoted), { method: "PATCH", body })).status).toBe(200);
    for (const token of dead) await expectDead(token);
    expect((await use(alive)).status).toBe(200);
  });

  test("those made by somebody who is disabled since are dead", async () => {
    const admin = await add("admin");
    const { token } = (await invite(admin, "admin")).body;
    const body = { state: "disabled" };
    const disabled = await app.manage(`/users/${admin.id}`, { method: "PATCH", body });
    expect(disabled.status).toBe(200);
    await expectDead(token);
  });

  test("those made by somebody who is no operator any more are dead", async () => {
    const [operator] = [await addOperator(app), await addOperator(app)];
    const { token } = (await invite(operator, "owner")).body;
    const body = { is_operator: false };
    const demoted = await app.manage(`/users/${operator.id}`, { method: "PATCH", body });
    expect(demoted.status).toBe(200);
    await expectDead(token);
  });

  test("invitations of another organization are 404", async () => {
    const admin = await add("admin");
    const { id, token } = await inviteTo(app, other, { email: newEmail(), role: "viewer" });
    for (const path of [`${acme}/invitations/${id}`, `${other}/invitations/${id}`]) {
      const { status } = await admin.call(`/organizations/${path}`, { method: "DELETE" });
      expect(status).toBe(404);
    }
    const list = `/organizations/${other}/invitations`;
    expect((await admin.call(list)).status).toBe(404);
    const body = { email: newEmail(), role: "viewer" };
    expect((await admin.call(list, { body })).status).toBe(404);
    expect((await use(token)).status).toBe(200);
  });

  test("422 for what is no address and no role", async () => {
    const admin = await add("admin");
    for (const body of [
      {},
      { email: newEmail() },
      { email: "no address", role: "viewer" },
      { email: "a@b", role: "viewer" },
      { email: newEmail(), role: "operator" },
      { email: newEmail(), role: "viewer", is_operator: true },
    ]) {
      const { status } = await admin.call(`/organizations/${acme}/invitations`, { body });
      expect([body, status]).toEqual([body, 422]);
    }
  });
});
