import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { minuteMs } from "../../src/core/clock.ts";
import { loginsOfPairMax } from "../../src/sessions/login-limiter.ts";
import {
  addOrganization,
  addPerson,
  inviteTo,
  logInAs,
  newEmail,
  type Person,
} from "../support/people.ts";
import { type Answer, startTestApp, type TestApp } from "../support/test-app.ts";
import { TestClock } from "../support/test-clock.ts";

const windowMs = 15 * minuteMs;
const wrong = "not the password";

const clock = new TestClock();
const app: TestApp = await startTestApp({ clock, flags: { anonymousPerMinute: "100000" } });
let ada: Person;
beforeEach(async () => {
  // Each test begins with a window of its own.
  clock.advance(windowMs - (clock.nowMs() % windowMs));
  ada = await addPerson(app, { role: "member" });
});
afterAll(() => app.stop());

function logIn(email: string, password: string): Promise<Answer> {
  return app.call("/auth/login", { body: { email, password } });
}

async function failTimes(count: number, email: string): Promise<number[]> {
  const statuses: number[] = [];
  while (statuses.length < count) statuses.push((await logIn(email, wrong)).status);
  return statuses;
}

const refusals = Array.from({ length: loginsOfPairMax }, () => 401);

describe("failed logins", () => {
  test("after ten of one account, even the right password waits: 429, with Retry-After", async () => {
    expect(await failTimes(10, ada.email)).toEqual(refusals);
    clock.advance(5 * minuteMs);
    const refused = await logIn(ada.email, ada.password);
    expect([refused.status, refused.body.error.code]).toEqual([429, "rate_limit_exceeded"]);
    expect(refused.headers.get("retry-after")).toBe("600");
    expect(refused.body.error.retry_after).toBe(600);
    expect(refused.headers.has("set-cookie")).toBe(false);
  });

  test("an account that does not exist is answered alike, and other accounts go on", async () => {
    expect(await failTimes(10, ada.email)).toEqual(refusals);
    const unknown = newEmail();
    expect(await failTimes(10, unknown)).toEqual(refusals);
    const [known, strange] = [await logIn(ada.email, wrong), await logIn(unknown, wrong)];
    for (const { body } of [known, strange]) delete body.error.request_id;
    expect(strange.body).toEqual(known.body);
    expect([known.status, strange.status]).toEqual([429, 429]);
    expect(strange.headers.get("retry-after")).toBe(known.headers.get("retry-after"));
    const bob = await addPerson(app, { role: "member" });
    expect((await logIn(bob.email, bob.password)).status).toBe(200);
    expect((await logIn(bob.email, wrong)).status).toBe(401);
  });

  test("the window passes with the clock, and not before", async () => {
    await failTimes(10, ada.email);
    clock.advance(windowMs - 1);
    const refused = await logIn(ada.email, ada.password);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "1"]);
    clock.advance(1);
    expect((await logIn(ada.email, ada.password)).status).toBe(200);
  });

  test("right passwords in between do not count, and do not set the count back", async () => {
    expect(await failTimes(9, ada.email)).toEqual(refusals.slice(1));
    for (let time = 0; time < 15; time++) {
      expect((await logIn(ada.email, ada.password)).status).toBe(200);
    }
    expect(await failTimes(2, ada.email)).toEqual([401, 429]);
  });

  test("many tries at once are no way around", async () => {
    const tries = Array.from({ length: 40 }, () => logIn(ada.email, wrong));
    const statuses = (await Promise.all(tries)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 401).length).toBe(10);
    expect(statuses.filter((status) => status === 429).length).toBe(30);
  });

  test("another way of writing the address is the same account", async () => {
    const ways = [ada.email, ada.email.toUpperCase(), ada.email.replace("p", "P")];
    for (let time = 0; time < 10; time++) await logIn(ways[time % 3] ?? "", wrong);
    for (const email of ways) expect((await logIn(email, ada.password)).status).toBe(429);
  });

  test("a header that names another address is none, without a trusted proxy", async () => {
    for (let time = 0; time < 11; time++) {
      const headers = { "x-forwarded-for": `192.0.2.${time}`, forwarded: `for=192.0.2.${time}` };
      const body = { email: ada.email, password: wrong };
      const { status } = await app.call("/auth/login", { body, headers });
      expect(status).toBe(time < 10 ? 401 : 429);
    }
  });

  test("sessions that are there already are not touched by it", async () => {
    await failTimes(11, ada.email);
    expect((await ada.call("/auth/session")).status).toBe(200);
  });
});

describe("other places where a password is asked", () => {
  test("wrong current passwords count like failed logins", async () => {
    const body = { current_password: wrong, new_password: "seven violet harbour lamps" };
    for (let time = 0; time < 10; time++) {
      expect((await ada.call("/auth/password", { body })).status).toBe(401);
    }
    const right = { ...body, current_password: ada.password };
    expect((await ada.call("/auth/password", { body: right })).status).toBe(429);
    expect((await logIn(ada.email, ada.password)).status).toBe(429);
  });

  test("so do those of an invited user, and the link outlives it", async () => {
    const organization = await addOrganization(app, "beta");
    const { token } = await inviteTo(app, organization, { email: ada.email, role: "viewer" });
    for (let time = 0; time < 10; time++) {
      const used = await app.call("/auth/links/use", { body: { token, password: wrong } });
      expect(used.status).toBe(401);
    }
    const use = () => app.call("/auth/links/use", { body: { token, password: ada.password } });
    expect((await use()).status).toBe(429);
    clock.advance(windowMs);
    expect((await use()).status).toBe(200);
    expect((await (await logInAs(app, ada)).call("/auth/session")).body.memberships.length).toBe(2);
  });
});

describe("a flood of logins", () => {
  test("what does not fit into the queue of hashes is answered 503, and is no failed try", async () => {
    const emails = Array.from({ length: 80 }, () => newEmail());
    const answers = await Promise.all([
      ...emails.map((email) => logIn(email, wrong)),
      ...Array.from({ length: 10 }, () => logIn(ada.email, ada.password)),
    ]);
    const turnedAway = answers.filter(({ status }) => status === 503);
    expect(turnedAway.length).toBeGreaterThan(10);
    expect(turnedAway.every(({ headers }) => headers.get("retry-after") === "1")).toBe(true);
    expect((await logIn(ada.email, ada.password)).status).toBe(200);
  });
});
