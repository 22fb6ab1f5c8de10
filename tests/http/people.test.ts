import { afterAll, beforeAll, describe, expect, spyOn, test } from "bun:test";
import { setImmediate } from "node:timers/promises";
import {
  addOperator,
  addPerson,
  defaultOrganization,
  inviteTo,
  logInAs,
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

/** A user key of theirs, made by themselves. */
async function newUserKey(person: Person): Promise<string> {
  const made = await person.call("/api-keys", { body: { label: "my own", type: "user" } });
  expect(made.status).toBe(201);
  return made.body.secret;
}

const codeOf = ({ status, body }: Answer) => [status, body.error?.code];
const keyStatus = async (key: string) => (await app.call("/key", { key })).status;
const patchUser = (id: string, body: object) =>
  app.manage(`/users/${id}`, { method: "PATCH", body });
const memberPath = ({ id }: Person) => `/organizations/${home}/members/${id}`;

describe("a user who is disabled", () => {
  test("is refused with the very next request, by session and by user key, until it is lifted", async () => {
    const ada = await addPerson(app, { role: "admin" });
    const [second, key] = [await logInAs(app, ada), await newUserKey(ada)];
    expect(await keyStatus(key)).toBe(200);
    const disabled = await patchUser(ada.id, { state: "disabled" });
    expect([disabled.status, disabled.body.state]).toEqual([200, "disabled"]);
    expect(codeOf(await app.call("/key", { key }))).toEqual([403, "owner_suspended"]);
    expect(codeOf(await ada.call("/auth/session"))).toEqual([401, "invalid_session"]);
    expect(codeOf(await second.call("/api-keys"))).toEqual([401, "invalid_session"]);
    expect(codeOf(await ada.call("/auth/sessions", { method: "DELETE" }))[0]).toBe(401);
    const verified = await app.manage("/v1/keys/verify", { body: { key } });
    expect(verified.body).toMatchObject({ valid: false, code: "OWNER_SUSPENDED" });
    await patchUser(ada.id, { state: "active" });
    expect(await keyStatus(key)).toBe(200);
    for (const session of [ada, second]) {
      expect((await session.call("/auth/session")).status).toBe(200);
    }
  });

  test("does not get a session back that was ended meanwhile", async () => {
    const ada = await addPerson(app, { role: "viewer" });
    const second = await logInAs(app, ada);
    await patchUser(ada.id, { state: "disabled" });
    const reset = await app.manage(`/users/${ada.id}/password-reset`, { method: "POST" });
    await patchUser(ada.id, { state: "active" });
    const body = { token: reset.body.token, password: "seven violet harbour lamps" };
    expect((await app.call("/auth/links/use", { body })).status).toBe(200);
    expect((await second.call("/auth/session")).status).toBe(401);
  });

  test("keeps workspace keys going: they belong to the organization", async () => {
    const ada = await addPerson(app, { role: "admin" });
    const { secret } = (await ada.call("/api-keys", { body: { label: "shared" } })).body;
    await patchUser(ada.id, { state: "disabled" });
    expect(await keyStatus(secret)).toBe(200);
  });

  test("only the operator disables, and no user themselves", async () => {
    const owner = await addPerson(app, { role: "owner" });
    const member = await addPerson(app, { role: "member" });
    for (const id of [owner.id, member.id]) {
      for (const body of [{ state: "disabled" }, { is_operator: true }]) {
        const refused = await owner.call(`/users/${id}`, { method: "PATCH", body });
        expect(codeOf(refused)).toEqual([403, "insufficient_role"]);
      }
    }
    expect((await owner.call("/users")).status).toBe(403);
    expect((await patchUser("usr_none", { state: "disabled" })).status).toBe(404);
    for (const body of [{}, { state: "gone" }, { email: "a@b.example" }, { password: "x" }]) {
      expect((await patchUser(owner.id, body)).status).toBe(422);
    }
  });
});

describe("the last operator", () => {
  test("can be neither disabled nor demoted, by nobody; one of two can", async () => {
    const [first, second] = [await addOperator(app), await addOperator(app)];
    const ends = [{ is_operator: false }, { state: "disabled" }];
    const own = { method: "PATCH", body: { is_operator: false } };
    expect((await first.call(`/users/${first.id}`, own)).status).toBe(200);
    for (const body of ends) {
      expect(codeOf(await patchUser(second.id, body))).toEqual([409, "conflict"]);
      const itself = await second.call(`/users/${second.id}`, { method: "PATCH", body });
      expect(codeOf(itself)).toEqual([409, "conflict"]);
    }
    // One who is disabled does not count as another.
    await patchUser(first.id, { is_operator: true, state: "disabled" });
    expect((await patchUser(second.id, { is_operator: false })).status).toBe(409);
    await patchUser(first.id, { state: "active" });
    const both = [first, second].map(({ id }) => patchUser(id, { is_operator: false }));
    const statuses = (await Promise.all(both)).map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([200, 409]);
  });

  test("who is no operator any more is refused with the very next call", async () => {
    await addOperator(app);
    const ada = await addOperator(app);
    expect((await ada.call("/users")).status).toBe(200);
    await patchUser(ada.id, { is_operator: false });
    for (const path of ["/users", "/metrics", "/audit-log/verify"]) {
      expect(codeOf(await ada.call(path))).toEqual([403, "insufficient_role"]);
    }
    expect((await ada.call("/organizations")).body.data.length).toBe(1);
  });
});

describe("a member who is demoted", () => {
  test("is refused with the very next management call, and goes on as what they are", async () => {
    const ada = await addPerson(app, { role: "admin" });
    const make = () => ada.call("/api-keys", { body: { label: "shared" } });
    expect((await make()).status).toBe(201);
    const body = { role: "viewer" };
    expect((await app.manage(memberPath(ada), { method: "PATCH", body })).status).toBe(200);
    expect(codeOf(await make())).toEqual([403, "insufficient_role"]);
    expect((await ada.call("/audit-log")).status).toBe(403);
    expect((await ada.call("/api-keys")).status).toBe(200);
    expect((await ada.call("/auth/session")).body.memberships[0].role).toBe("viewer");
  });

  test("makes no change any more whose turn comes after that", async () => {
    const ada = await addPerson(app, { role: "admin" });
    const { audit } = app.services.changes;
    const turns = spyOn(audit, "commit");
    const { promise: held, resolve: goOn } = Promise.withResolvers<void>();
    const nothing = { action: "team.created", targetId: "", organizationId: null } as const;
    const entry = { ...nothing, changes: { before: null, after: null } };
    const first = audit.commit({
      actor: app.actor,
      build: () => held.then(() => ({ change: [], entry })),
    });
    const demoted = app.manage(memberPath(ada), { method: "PATCH", body: { role: "viewer" } });
    while (turns.mock.calls.length < 2) await setImmediate();
    const made = ada.call("/teams", { body: { slug: "late", name: "Late" } });
    while (turns.mock.calls.length < 3) await setImmediate();
    goOn();
    await first;
    expect((await demoted).status).toBe(200);
    expect(codeOf(await made)).toEqual([403, "insufficient_role"]);
    expect((await app.manage("/teams")).body.data).toEqual([]);
    turns.mockRestore();
  });

  test("nobody raises themselves, or touches who is above them", async () => {
    const [admin, owner] = [
      await addPerson(app, { role: "admin" }),
      await addPerson(app, { role: "owner" }),
    ];
    const set = (person: Person, role: string) =>
      admin.call(memberPath(person), { method: "PATCH", body: { role } });
    for (const answer of [
      await set(admin, "owner"),
      await set(owner, "viewer"),
      await admin.call(memberPath(owner), { method: "DELETE" }),
    ]) {
      expect(codeOf(answer)).toEqual([403, "insufficient_role"]);
    }
    expect((await owner.call(memberPath(owner))).body.role).toBe("owner");
    expect((await set(admin, "member")).status).toBe(200);
    expect((await set(admin, "admin")).status).toBe(403);
  });
});

describe("a member who is removed", () => {
  test("is refused at once, their user keys for good, also when invited again", async () => {
    const ada = await addPerson(app, { role: "member" });
    const key = await newUserKey(ada);
    expect(await keyStatus(key)).toBe(200);
    expect((await app.manage(memberPath(ada), { method: "DELETE" })).status).toBe(204);
    expect(codeOf(await app.call("/key", { key }))).toEqual([401, "invalid_api_key"]);
    expect((await ada.call(`/organizations/${home}`)).status).toBe(404);
    expect((await ada.call("/api-keys")).status).toBe(403);
    expect((await ada.call("/organizations")).body.data).toEqual([]);
    expect((await ada.call("/auth/session")).body.memberships).toEqual([]);
    const { token } = await inviteTo(app, home, { email: ada.email, role: "member" });
    const body = { token, password: usualPassword };
    const back = personOf(app, await app.call("/auth/links/use", { body }), usualPassword);
    expect(back.id).toBe(ada.id);
    expect((await ada.call("/api-keys")).status).toBe(200);
    expect(codeOf(await app.call("/key", { key }))).toEqual([401, "invalid_api_key"]);
    const listed = (await back.call("/api-keys")).body.data.filter(
      (one: Record<string, unknown>) => one["created_by"] === ada.id,
    );
    expect(listed.every((one: Record<string, unknown>) => one["revoked_at"] !== null)).toBe(true);
    expect(await keyStatus(await newUserKey(back))).toBe(200);
  });

  test("anybody may leave, but the last owner; others are removed by an admin", async () => {
    const [viewer, member] = [
      await addPerson(app, { role: "viewer" }),
      await addPerson(app, { role: "member" }),
    ];
    expect((await member.call(memberPath(viewer), { method: "DELETE" })).status).toBe(403);
    expect((await viewer.call(memberPath(viewer), { method: "DELETE" })).status).toBe(204);
    const alone = await app.manage("/organizations", { body: { slug: "alone", name: "Alone" } });
    const organization = alone.body.id;
    const owner = await addPerson(app, { role: "owner", organization });
    const path = `/organizations/${organization}/members/${owner.id}`;
    for (const init of [{ method: "DELETE" }, { method: "PATCH", body: { role: "admin" } }]) {
      expect(codeOf(await owner.call(path, init))).toEqual([409, "conflict"]);
      expect(codeOf(await app.manage(path, init))).toEqual([409, "conflict"]);
    }
    const second = await addPerson(app, { role: "owner", organization });
    const leaving = [owner, second].map((one) =>
      one.call(`/organizations/${organization}/members/${one.id}`, { method: "DELETE" }),
    );
    const statuses = (await Promise.all(leaving)).map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([204, 409]);
  });

  test("an owner who is disabled does not count as another", async () => {
    const made = await app.manage("/organizations", { body: { slug: "asleep", name: "Asleep" } });
    const organization = made.body.id;
    const [first, second] = [
      await addPerson(app, { role: "owner", organization }),
      await addPerson(app, { role: "owner", organization }),
    ];
    await patchUser(first.id, { state: "disabled" });
    const path = `/organizations/${organization}/members/${second.id}`;
    expect((await second.call(path, { method: "DELETE" })).status).toBe(409);
  });
});
