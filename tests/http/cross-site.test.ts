import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { routeAccess } from "../../src/http/route-access.ts";
import {
  addOperator,
  addOrganization,
  inviteTo,
  newEmail,
  type Person,
  usualPassword,
} from "../support/people.ts";
import { type Answer, startTestApp, type TestApp } from "../support/test-app.ts";

let app: TestApp;
let ada: Person;
beforeAll(async () => {
  app = await startTestApp({ flags: { anonymousPerMinute: "100000" } });
  ada = await addOperator(app, "owner");
});
afterAll(() => app.stop());

const foreignSites: Record<string, string>[] = [
  { "sec-fetch-site": "cross-site" },
  { "sec-fetch-site": "same-site" },
  { "sec-fetch-site": "" },
  { "sec-fetch-site": "same-origin, cross-site" },
  { "sec-fetch-site": "cross-site", origin: "http://localhost", host: "localhost" },
  { origin: "https://evil.example", host: "localhost" },
  { origin: "http://localhost:8081", host: "localhost" },
  { origin: "http://localhost.evil.example", host: "localhost" },
  { origin: "http://evil.example/localhost", host: "localhost" },
  { origin: "null", host: "localhost" },
  { origin: "", host: "localhost" },
];
const ownSite: Record<string, string>[] = [
  { "sec-fetch-site": "same-origin" },
  { "sec-fetch-site": "none" },
  { "sec-fetch-site": "same-origin", origin: "http://localhost", host: "localhost" },
  { origin: "http://localhost", host: "localhost" },
  { origin: "https://keys.example.com:8443", host: "keys.example.com:8443" },
  {},
];

const isRefused = ({ status, body }: Answer) =>
  status === 403 && body.error.code === "cross_site_request";

/** The newest row of the audit log: whatever changes something leaves one. */
const lastEvent = async () => (await app.manage("/audit-log?limit=1")).body.data[0].hash;

describe("a page of another site makes the browser call", () => {
  test("every route that changes something is refused with a cookie, and nothing has changed", async () => {
    const before = await lastEvent();
    const routes = Object.entries(routeAccess)
      .filter(([route]) => !route.startsWith("GET "))
      .filter(([, { kind }]) => kind === "management" || kind === "session")
      .map(([route]) => route);
    expect(routes.length).toBeGreaterThan(30);
    for (const route of routes) {
      const [method = "", pattern = ""] = route.split(" ");
      const path = pattern.replace(/:(?:id|\w+_id|slug)\b/g, ada.id);
      const headers = { "sec-fetch-site": "cross-site" };
      const answer = await ada.call(path, { method, headers, body: {} });
      if (!isRefused(answer)) throw new Error(`${route}: ${JSON.stringify(answer.body)}`);
    }
    expect(await lastEvent()).toBe(before);
  });

  test("whatever the browser says of the site: only the own one is let in", async () => {
    const count = async () => (await ada.call("/auth/sessions")).body.data.length;
    const sessions = await count();
    for (const headers of foreignSites) {
      const end = await ada.call("/auth/sessions", { method: "DELETE", headers });
      const make = await ada.call("/api-keys", { body: { label: "theirs" }, headers });
      if (![end, make].every(isRefused)) throw new Error(`Let in: ${JSON.stringify(headers)}`);
    }
    expect(await count()).toBe(sessions);
    expect((await app.manage("/api-keys")).body.data.length).toBe(1);
    for (const headers of ownSite) {
      const { status } = await ada.call("/auth/sessions", { method: "DELETE", headers });
      expect([headers, status]).toEqual([headers, 204]);
    }
  });

  test("it is refused before the body is read", async () => {
    const headers = { "sec-fetch-site": "cross-site", "content-type": "text/plain" };
    for (const path of ["/api-keys", "/auth/password", "/auth/login"]) {
      expect(isRefused(await ada.call(path, { body: "{not json", headers }))).toBe(true);
    }
  });

  test("reading is not affected: the other page cannot see the answer", async () => {
    for (const headers of [...foreignSites, ...ownSite]) {
      expect((await ada.call("/auth/session", { headers })).status).toBe(200);
      const { status, headers: answered } = await ada.call("/organizations", { headers });
      expect(status).toBe(200);
      expect(answered.has("access-control-allow-origin")).toBe(false);
    }
  });

  test("nobody is logged in or out by another site, and no link is used", async () => {
    const organization = await addOrganization(app, "beta");
    const { token } = await inviteTo(app, organization, { email: newEmail(), role: "viewer" });
    const calls: [string, unknown][] = [
      ["/auth/login", { email: ada.email, password: ada.password }],
      ["/auth/logout", {}],
      ["/auth/logout", undefined],
      ["/auth/links/show", { token }],
      ["/auth/links/use", { token, password: usualPassword }],
    ];
    for (const headers of foreignSites) {
      for (const [path, body] of calls) {
        const answer = await ada.call(path, { method: "POST", body, headers });
        expect([path, headers, isRefused(answer)]).toEqual([path, headers, true]);
        expect(answer.headers.has("set-cookie")).toBe(false);
      }
    }
    expect((await ada.call("/auth/session")).status).toBe(200);
    expect((await app.call("/auth/links/show", { body: { token } })).status).toBe(200);
    for (const headers of ownSite) {
      const [path, body] = calls[0] ?? ["", {}];
      expect((await app.call(path, { body, headers })).status).toBe(200);
    }
  });

  test("a key is not affected, with a cookie beside it or without: no browser sends it by itself", async () => {
    for (const headers of foreignSites) {
      for (const call of [app.call, ada.call]) {
        const init = { key: app.operator, body: { label: "by key" }, headers };
        expect((await call("/api-keys", init)).status).toBe(201);
      }
    }
    const { secret } = await app.newKey();
    const headers = { "sec-fetch-site": "cross-site" };
    expect((await app.call("/key", { key: secret, headers })).status).toBe(200);
  });

  test("an Authorization header that is no key's does not help a cookie across", async () => {
    for (const authorization of ["Basic YTpi", "Bearer", "Bearer ", ""]) {
      const headers = { "sec-fetch-site": "cross-site", authorization };
      expect(isRefused(await ada.call("/api-keys", { body: { label: "x" }, headers }))).toBe(true);
    }
  });
});
