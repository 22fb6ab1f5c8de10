import { describe, expect, test } from "bun:test";
import { hourMs, minuteMs, secondMs } from "../../src/core/clock.ts";
import { addPerson, logInAs, type Person } from "../support/people.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { TestClock } from "../support/test-clock.ts";

/** Runs `use` on an instance of its own, whose sessions live as long as given. */
async function withSessions(
  lives: { sessionIdleMinutes: string; sessionHours: string },
  use: (given: { app: TestApp; clock: TestClock; ada: Person }) => Promise<void>,
): Promise<void> {
  const clock = new TestClock();
  const app = await startTestApp({ clock, flags: lives });
  try {
    await use({ app, clock, ada: await addPerson(app, { role: "viewer" }) });
  } finally {
    await app.stop();
  }
}

async function lastUsed(app: TestApp, { id }: Person): Promise<number> {
  const { rows } = await app.services.db.write.$client.execute({
    sql: "SELECT max(last_used_at_ms) FROM sessions WHERE user_id = ?",
    args: [id],
  });
  return Number(rows[0]?.[0]);
}

/** Whether the use at this moment is noted: no answer waits for that, so it is looked for some times. */
async function isNoted(app: TestApp, clock: TestClock, person: Person): Promise<boolean> {
  for (let reads = 0; reads < 200; reads++) {
    if ((await lastUsed(app, person)) === clock.nowMs()) return true;
  }
  return false;
}

/** Uses the session, and goes on when that is noted. */
async function noteUse(app: TestApp, clock: TestClock, person: Person): Promise<number> {
  const { status } = await person.call("/auth/session");
  if (status === 200 && !(await isNoted(app, clock, person))) {
    throw new Error("The use was not noted.");
  }
  return status;
}

describe("the life of a session", () => {
  test("it ends when it was not used for the idle time, and not before", () =>
    withSessions({ sessionIdleMinutes: "30", sessionHours: "24" }, async ({ app, clock, ada }) => {
      const other = await logInAs(app, ada);
      clock.advance(30 * minuteMs - 1);
      expect(await noteUse(app, clock, other)).toBe(200);
      clock.advance(1);
      const refused = await ada.call("/auth/session");
      expect([refused.status, refused.body.error.code]).toEqual([401, "invalid_session"]);
      expect((await ada.call("/organizations")).status).toBe(401);
      expect((await other.call("/organizations")).status).toBe(200);
      const { data } = (await other.call("/auth/sessions")).body;
      expect(data.map(({ current }: { current: boolean }) => current)).toEqual([true]);
    }));

  test("use prolongs the idle time, but not the life: it ends at its end in any case", () =>
    withSessions({ sessionIdleMinutes: "30", sessionHours: "2" }, async ({ app, clock, ada }) => {
      const endsAt = (await ada.call("/auth/session")).body.session.expires_at;
      expect(Date.parse(endsAt) - clock.nowMs()).toBe(2 * hourMs);
      for (let use = 1; use <= 5; use++) {
        clock.advance(20 * minuteMs);
        expect(await noteUse(app, clock, ada)).toBe(200);
      }
      clock.advance(20 * minuteMs - 1);
      const { session } = (await ada.call("/auth/session")).body;
      expect(session.expires_at).toBe(endsAt);
      clock.advance(1);
      expect((await ada.call("/auth/session")).status).toBe(401);
      const again = await logInAs(app, ada);
      expect((await again.call("/auth/sessions")).body.data.length).toBe(1);
    }));

  test("the cookie lives as long as the session at most", () =>
    withSessions({ sessionIdleMinutes: "30", sessionHours: "2" }, async ({ app, ada }) => {
      const body = { email: ada.email, password: ada.password };
      const { headers } = await app.call("/auth/login", { body });
      expect(headers.get("set-cookie")).toContain("; Max-Age=7200;");
    }));

  test("the last use is written at most once a minute", () =>
    withSessions({ sessionIdleMinutes: "30", sessionHours: "2" }, async ({ app, clock, ada }) => {
      const startMs = clock.nowMs();
      clock.advance(minuteMs - 1);
      for (let use = 0; use < 20; use++) await ada.call("/auth/session");
      expect(await lastUsed(app, ada)).toBe(startMs);
      clock.advance(1);
      expect(await noteUse(app, clock, ada)).toBe(200);
      clock.advance(59 * secondMs);
      await ada.call("/organizations");
      expect(await lastUsed(app, ada)).toBe(startMs + minuteMs);
    }));

  test("a management call prolongs it as well", () =>
    withSessions({ sessionIdleMinutes: "2", sessionHours: "2" }, async ({ app, clock, ada }) => {
      for (let use = 0; use < 5; use++) {
        clock.advance(minuteMs);
        expect((await ada.call("/organizations")).status).toBe(200);
        expect(await noteUse(app, clock, ada)).toBe(200);
      }
    }));

  test("one in constant use goes on with the shortest idle time too", () =>
    withSessions({ sessionIdleMinutes: "1", sessionHours: "2" }, async ({ app, clock, ada }) => {
      const statuses: number[] = [];
      for (let use = 0; use < 6; use++) {
        clock.advance(20 * secondMs);
        statuses.push((await ada.call("/auth/session")).status);
        // It need not be noted each time, but it may be on its way.
        await isNoted(app, clock, ada);
      }
      expect(statuses).toEqual([200, 200, 200, 200, 200, 200]);
    }));
});
