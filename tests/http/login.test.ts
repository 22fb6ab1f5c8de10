import { afterAll, beforeAll, describe, expect, spyOn, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { hash, verify } from "@node-rs/argon2";
import { nobodysHash } from "../../src/crypto/password-hash.ts";
import {
  addPerson,
  cookieOf,
  defaultOrganization,
  inviteTo,
  logInAs,
  newEmail,
  type Person,
  tokenOf,
  usualPassword,
} from "../support/people.ts";
import { type Answer, startTestApp, type TestApp } from "../support/test-app.ts";

let app: TestApp;
let ada: Person;
beforeAll(async () => {
  app = await startTestApp({ flags: { anonymousPerMinute: "100000", accessLog: "all" } });
  ada = await addPerson(app, { role: "owner", email: "Ada@Example.com" });
});
afterAll(() => app.stop());

function logIn(email: string, password: string): Promise<Answer> {
  return app.call("/auth/login", { body: { email, password } });
}

/** All of an error that may be compared: the id of the request differs by itself. */
function bodyOf({ status, body }: Answer): unknown {
  const { request_id: _, ...error } = body.error;
  return { status, error };
}

describe("POST /auth/login", () => {
  test("the right password gives the session's cookie, for this host, this site and no script", async () => {
    const answer = await logIn(ada.email, ada.password);
    expect(answer.status).toBe(200);
    expect(answer.headers.getSetCookie()).toHaveLength(1);
    const [pair = "", ...attributes] = (answer.headers.get("set-cookie") ?? "").split("; ");
    expect(pair).toMatch(/^__Host-[A-Za-z_]+=[0-9a-f]{64}$/);
    const expected = ["HttpOnly", "Max-Age=604800", "Path=/", "SameSite=Strict", "Secure"];
    expect(attributes.toSorted()).toEqual(expected);
    expect(answer.headers.get("cache-control")).toBe("no-store");
  });

  test("the answer says who it is and what of, and holds neither token nor password", async () => {
    const answer = await logIn(ada.email, ada.password);
    const { user, memberships, session } = answer.body;
    expect(user).toMatchObject({ id: ada.id, email: "ada@example.com", is_operator: false });
    expect(memberships).toMatchObject([{ slug: "default", role: "owner" }]);
    expect(session).toMatchObject({ current: true });
    const text = JSON.stringify(answer.body);
    expect(text).not.toContain(tokenOf(cookieOf(answer)));
    expect(text).not.toMatch(/argon2|password|hash/i);
  });

  test("a wrong password, an unknown address and a disabled user are answered alike", async () => {
    const disabled = await addPerson(app, { role: "member" });
    await app.manage(`/users/${disabled.id}`, { method: "PATCH", body: { state: "disabled" } });
    const wrong = await logIn(ada.email, "not the password");
    expect([wrong.status, wrong.body.error.code]).toEqual([401, "login_failed"]);
    for (const answer of [
      await logIn("nobody@example.com", usualPassword),
      await logIn(disabled.email, disabled.password),
      await logIn(disabled.email, "not the password"),
    ]) {
      expect(bodyOf(answer)).toEqual(bodyOf(wrong));
      expect([...answer.headers.keys()]).toEqual([...wrong.headers.keys()]);
      expect(answer.headers.has("set-cookie")).toBe(false);
    }
  });

  test("an unknown address takes the same work as a known one", async () => {
    // A malformed hash would be refused before any work was done.
    expect(await verify(nobodysHash, "some password")).toBe(false);
    const checks = spyOn(app.services.people.hasher, "verify");
    for (const email of [ada.email, "nobody@example.com"]) {
      checks.mockClear();
      await logIn(email, "not the password");
      expect(checks).toHaveBeenCalledTimes(1);
      expect(checks.mock.calls[0]?.[0]).toStartWith("$argon2id$v=19$m=19456,t=2,p=1$");
    }
    checks.mockRestore();
  });

  test("the case of the address does not matter, that of the password does", async () => {
    expect((await logIn("ADA@EXAMPLE.COM", ada.password)).body.user.id).toBe(ada.id);
    expect((await logIn(ada.email, ada.password.toUpperCase())).status).toBe(401);
  });

  test("each login has a new session with a new token, whatever cookie comes with it", async () => {
    const second = await logInAs(app, ada);
    const headers = { cookie: second.cookie };
    const body = { email: ada.email, password: ada.password };
    const third = await app.call("/auth/login", { body, headers });
    expect(new Set([ada.cookie, second.cookie, cookieOf(third)]).size).toBe(3);
    // A token that somebody planted is not taken over.
    const planted = `${second.cookie.split("=")[0]}=${"5".repeat(64)}`;
    const fourth = await app.call("/auth/login", { body, headers: { cookie: planted } });
    expect(cookieOf(fourth)).not.toBe(planted);
    expect((await app.call("/auth/session", { headers: { cookie: planted } })).status).toBe(401);
  });

  test("who is disabled, or has another password, while theirs is being checked is not let in", async () => {
    const late = await addPerson(app, { role: "member" });
    const { hasher } = app.services.people;
    const path = `/users/${late.id}`;
    const checks = spyOn(hasher, "verify").mockImplementationOnce(async () => {
      await app.manage(path, { method: "PATCH", body: { state: "disabled" } });
      return true;
    });
    expect((await logIn(late.email, late.password)).status).toBe(401);
    await app.manage(path, { method: "PATCH", body: { state: "active" } });
    checks.mockImplementationOnce(async () => {
      const { body } = await app.manage(`${path}/password-reset`, { method: "POST" });
      const password = "another password of theirs";
      await app.call("/auth/links/use", { body: { token: body.token, password } });
      return true;
    });
    expect((await logIn(late.email, late.password)).status).toBe(401);
    checks.mockRestore();
  });

  test("422 for what is no login, before any password is looked at", async () => {
    for (const body of [
      {},
      { email: ada.email },
      { email: "ada", password: usualPassword },
      { email: ada.email, password: "x".repeat(257) },
      { email: ada.email, password: "" },
      { email: [ada.email], password: usualPassword },
      { email: ada.email, password: { $ne: "" } },
    ]) {
      expect((await app.call("/auth/login", { body })).status).toBe(422);
    }
  });
});

describe("a hash with the parameters of earlier years", () => {
  const argon2id = { algorithm: 2, memoryCost: 8_192, timeCost: 1, parallelism: 1 } as const;
  const storedHash = async ({ id }: Person) => {
    const { rows } = await app.services.db.write.$client.execute({
      sql: "SELECT password_hash FROM users WHERE id = ?",
      args: [id],
    });
    return String(rows[0]?.[0]);
  };
  const outdate = async (person: Person) => {
    await app.services.db.write.$client.execute({
      sql: "UPDATE users SET password_hash = ? WHERE id = ?",
      args: [await hash(person.password, argon2id), person.id],
    });
  };

  test("it opens with the right password alone, and is made anew with today's", async () => {
    const old = await addPerson(app, { role: "viewer" });
    await outdate(old);
    expect((await logIn(old.email, "not the password")).status).toBe(401);
    expect(await storedHash(old)).toStartWith("$argon2id$v=19$m=8192,t=1,p=1$");
    expect((await logIn(old.email, old.password)).status).toBe(200);
    const renewed = await storedHash(old);
    expect(renewed).toStartWith("$argon2id$v=19$m=19456,t=2,p=1$");
    expect((await logIn(old.email, old.password)).status).toBe(200);
    expect(await storedHash(old)).toBe(renewed);
    expect((await old.call("/auth/session")).status).toBe(200);
  });

  test("two who log in with it at the same moment are both let in", async () => {
    const old = await addPerson(app, { role: "viewer" });
    await outdate(old);
    const answers = await Promise.all([1, 2].map(() => logIn(old.email, old.password)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  });
});

describe("tokens and passwords", () => {
  test("they are in no file of the data folder, in no log, in no metrics and in no audit log", async () => {
    const password = "harbour lamps seven violet";
    const wrong = "harbour lamps seven violets";
    const later = "marble fourteen kites away";
    const guest = await addPerson(app, { role: "member", password });
    await logIn(guest.email, wrong);
    const again = await logInAs(app, guest);
    const body = { current_password: password, new_password: later };
    const changed = await again.call("/auth/password", { body });
    const organization = await defaultOrganization(app);
    const waiting = await inviteTo(app, organization, { email: newEmail(), role: "viewer" });
    const retried = await app.manage(`/organizations/${organization}/invitations`, {
      body: { email: newEmail(), role: "viewer" },
      headers: { "idempotency-key": "invited once" },
    });
    const reset = await app.manage(`/users/${guest.id}/password-reset`, { method: "POST" });
    const cookies = [guest.cookie, again.cookie, cookieOf(changed)];
    const links = [waiting.token, retried.body.token, reset.body.token];
    const secrets = [password, wrong, later, ...cookies.map(tokenOf), ...links];
    for (const secret of secrets) expect(secret).toMatch(/^[0-9a-f]{64}$|^[a-z ]{20,}$/);
    const metrics = await app.manage("/metrics");
    const events = await app.manage("/audit-log/export");
    const files = readdirSync(app.folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => join(parentPath, name));
    expect(files.length).toBeGreaterThan(1);
    expect(events.body).toContain("session.started");
    const places = [
      ["the log", app.logged.join("")],
      ["the metrics", String(metrics.body)],
      ["the audit log", String(events.body)],
      ...files.map((path) => [path, readFileSync(path, "latin1")]),
    ];
    for (const [place, text] of places) {
      for (const secret of secrets) {
        if (text?.includes(secret)) throw new Error(`${secret} shows in ${place}.`);
      }
    }
  });
});
