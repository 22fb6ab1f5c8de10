import { afterAll, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { dayMs, hourMs, minuteMs, secondMs } from "../../src/core/clock.ts";
import { sessionRequestsMax } from "../../src/http/authorize.ts";
import { sessionCookieName } from "../../src/sessions/session-cookie.ts";
import { sessionsMax } from "../../src/sessions/session-store.ts";
import { addPerson, logInAs, type Person, tokenOf } from "../support/people.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { TestClock } from "../support/test-clock.ts";

const clock = new TestClock();
let app: TestApp;
let ada: Person;
beforeAll(async () => {
  app = await startTestApp({ clock });
});
beforeEach(async () => {
  clock.advance(hourMs);
  ada = await addPerson(app, { role: "admin" });
});
afterAll(() => app.stop());

const statusOf = async (person: Person) => (await person.call("/auth/session")).status;
const idOf = async (person: Person): Promise<string> =>
  (await person.call("/auth/session")).body.session.id;
const idsOf = async (person: Person): Promise<string[]> =>
  (await person.call("/auth/sessions")).body.data.map(({ id }: { id: string }) => id);

describe("being logged in", () => {
  test("the session shows who it is, from where, since when and until when", async () => {
    const headers = { "user-agent": "Browser/1.0" };
    const body = { email: ada.email, password: ada.password };
    const { session } = (await app.call("/auth/login", { body, headers })).body;
    expect(session).toEqual({
      id: session.id,
      created_at: new Date(clock.nowMs()).toISOString(),
      last_used_at: new Date(clock.nowMs()).toISOString(),
      expires_at: new Date(clock.nowMs() + 7 * dayMs).toISOString(),
      address: null,
      user_agent: "Browser/1.0",
      current: true,
    });
    const shown = await ada.call("/auth/session");
    expect(shown.body.user).toMatchObject({ id: ada.id, email: ada.email });
    expect(shown.headers.get("cache-control")).toBe("no-store");
  });

  test("without a cookie, or with one that means nothing, 401", async () => {
    const none = await app.call("/auth/session");
    expect([none.status, none.body.error.code]).toEqual([401, "missing_credentials"]);
    const token = tokenOf(ada.cookie);
    for (const value of [
      "0".repeat(64),
      token.toUpperCase(),
      token.slice(1),
      `${token}0`,
      await idOf(ada),
      "' OR 1=1 --",
      "%00",
    ]) {
      const headers = { cookie: `${sessionCookieName}=${value}` };
      const { status, body } = await app.call("/auth/session", { headers });
      expect([status, body.error.code]).toEqual([401, "invalid_session"]);
    }
    for (const cookie of [
      `tollgate_session=${token}`,
      `${sessionCookieName.toLowerCase()}=${token}`,
      `x${sessionCookieName}=${token}`,
      `${sessionCookieName}=`,
    ]) {
      expect((await app.call("/auth/session", { headers: { cookie } })).status).toBe(401);
    }
  });

  test("the cookie is found among others", async () => {
    const headers = { cookie: `theme=dark; ${ada.cookie}; last=1` };
    expect((await app.call("/auth/session", { headers })).status).toBe(200);
  });

  test("the token is a credential in the cookie alone", async () => {
    const token = tokenOf(ada.cookie);
    expect((await app.call("/auth/session", { key: token })).status).toBe(401);
    expect((await app.call("/organizations", { key: token })).status).toBe(401);
    expect((await app.call(`/auth/session?${ada.cookie}`)).status).toBe(401);
  });

  test("a cookie does not open the data plane", async () => {
    const { status, body } = await ada.call("/key");
    expect([status, body.error.code]).toEqual([401, "missing_api_key"]);
    expect((await ada.call("/v1/permissions")).status).toBe(401);
    expect((await ada.call("/v1/runtimes", { body: {} })).status).toBe(401);
  });

  test("a key goes before a cookie when both are sent", async () => {
    const viewer = await addPerson(app, { role: "viewer" });
    const body = { slug: "by-key", name: "By key" };
    expect((await viewer.call("/organizations", { body })).status).toBe(403);
    expect((await viewer.call("/organizations", { body, key: app.operator })).status).toBe(201);
    const refused = await ada.call("/organizations", { key: "tgk_live_wrong" });
    expect([refused.status, refused.body.error.code]).toEqual([401, "invalid_api_key"]);
    const { secret } = await app.newKey();
    expect((await ada.call("/key", { key: secret })).status).toBe(200);
    expect((await ada.call("/organizations", { key: secret })).status).toBe(403);
  });

  test("the requests of one user are bounded, however many sessions make them", async () => {
    const other = await logInAs(app, ada);
    const bob = await addPerson(app, { role: "viewer" });
    for (let at = 0; at < sessionRequestsMax; at++) {
      await (at % 2 === 0 ? ada : other).call("/auth/session");
    }
    const refused = await other.call("/organizations");
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "60"]);
    expect(await statusOf(bob)).toBe(200);
    clock.advance(minuteMs);
    expect(await statusOf(ada)).toBe(200);
  });

  test("those whose body cannot be read are among them", async () => {
    const paths = ["/api-keys", "/auth/password"];
    for (let at = 0; at < sessionRequestsMax; at++) {
      const path = paths[at % 2] as string;
      const { status } = await ada.call(path, { method: "POST", body: "{" });
      expect([at, path, status]).toEqual([at, path, 415]);
    }
    for (const path of paths) {
      const { status } = await ada.call(path, { method: "POST", body: "{" });
      expect([path, status]).toEqual([path, 429]);
    }
  });
});

describe("listing and ending", () => {
  test("one's sessions are listed, the latest used first, and nobody else's", async () => {
    clock.advance(secondMs);
    const second = await logInAs(app, ada);
    await addPerson(app, { role: "owner" });
    const { status, body } = await ada.call("/auth/sessions");
    expect([status, body.next_cursor]).toEqual([200, null]);
    expect(body.data.map(({ current }: { current: boolean }) => current)).toEqual([false, true]);
    expect(await idsOf(ada)).toEqual([await idOf(second), await idOf(ada)]);
    expect(JSON.stringify(body)).not.toContain(tokenOf(ada.cookie));
    expect(JSON.stringify(body)).not.toMatch(/hash|token/);
  });

  test("one of them is ended, and is refused with its next request", async () => {
    const [second, third] = [await logInAs(app, ada), await logInAs(app, ada)];
    const path = `/auth/sessions/${await idOf(second)}`;
    expect((await ada.call(path, { method: "DELETE" })).status).toBe(204);
    expect(await Promise.all([ada, second, third].map(statusOf))).toEqual([200, 401, 200]);
    expect((await ada.call(path, { method: "DELETE" })).status).toBe(404);
    expect((await idsOf(ada)).length).toBe(2);
  });

  test("somebody else's session is the same 404 as a missing one, and goes on", async () => {
    const owner = await addPerson(app, { role: "owner" });
    const path = `/auth/sessions/${await idOf(ada)}`;
    const foreign = await owner.call(path, { method: "DELETE" });
    const missing = await owner.call("/auth/sessions/ses_none", { method: "DELETE" });
    for (const { body } of [foreign, missing]) delete body.error.request_id;
    expect([foreign.status, missing.status]).toEqual([404, 404]);
    expect(foreign.body).toEqual(missing.body);
    expect(await statusOf(ada)).toBe(200);
  });

  test("all the others are ended at once", async () => {
    const others = [await logInAs(app, ada), await logInAs(app, ada)];
    const bob = await addPerson(app, { role: "viewer" });
    expect((await ada.call("/auth/sessions", { method: "DELETE" })).status).toBe(204);
    expect(await Promise.all(others.map(statusOf))).toEqual([401, 401]);
    expect(await Promise.all([ada, bob].map(statusOf))).toEqual([200, 200]);
    expect(await idsOf(ada)).toEqual([await idOf(ada)]);
  });

  test("logging out ends the session on the server, and takes the cookie back", async () => {
    const second = await logInAs(app, ada);
    const out = await ada.call("/auth/logout", { method: "POST" });
    expect(out.status).toBe(204);
    const [pair, ...attributes] = (out.headers.get("set-cookie") ?? "").split("; ");
    expect(pair).toBe(`${sessionCookieName}=`);
    const expected = ["HttpOnly", "Max-Age=0", "Path=/", "SameSite=Strict", "Secure"];
    expect(attributes.toSorted()).toEqual(expected);
    expect(await statusOf(ada)).toBe(401);
    expect((await ada.call("/organizations")).status).toBe(401);
    expect(await statusOf(second)).toBe(200);
    expect((await ada.call("/auth/logout", { method: "POST" })).status).toBe(204);
    expect((await app.call("/auth/logout", { method: "POST" })).status).toBe(204);
  });

  test("beginnings and ends are in the audit log, by the user", async () => {
    const second = await logInAs(app, ada);
    const id = await idOf(second);
    await second.call("/auth/logout", { method: "POST" });
    const { body } = await app.manage(`/audit-log?target=${id}`);
    const rows = body.data.map((event: Record<string, unknown>) => event["action"]);
    expect(rows.toSorted()).toEqual(["session.ended", "session.started"]);
    expect(JSON.stringify(body.data[0].actor)).toContain(ada.id);
  });
});

describe("the bound of sessions", () => {
  test("one more than the most ends the one that was used longest ago", async () => {
    const nowMs = clock.nowMs();
    const ids = Array.from({ length: sessionsMax - 1 }, (_, at) => `ses_${ada.id}_${at}`);
    await app.services.db.write.$client.batch(
      ids.map((id, at) => ({
        sql: "INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, NULL, NULL)",
        args: [id, `hash ${id}`, ada.id, nowMs, nowMs - (at === 7 ? minuteMs : at), nowMs + dayMs],
      })),
    );
    const bob = await addPerson(app, { role: "viewer" });
    expect((await idsOf(ada)).length).toBe(sessionsMax);
    const last = await logInAs(app, ada);
    const left = await idsOf(last);
    expect(left.length).toBe(sessionsMax);
    expect(ids.filter((id) => !left.includes(id))).toEqual([ids[7] ?? ""]);
    expect(await Promise.all([ada, bob, last].map(statusOf))).toEqual([200, 200, 200]);
  });
});
