import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { defaultOrganization } from "../support/people.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp({ flags: { anonymousPerMinute: "100000" } });
});
afterAll(() => app.stop());

/** What a pattern that can split a text in several ways takes minutes for. */
const longTexts = [
  `a@${".".repeat(900_000)}@`,
  `${"a".repeat(900_000)}\n`,
  `${" ".repeat(900_000)}\n`,
  `${"a.".repeat(450_000)}@`,
  `${"a:".repeat(450_000)}!`,
  `${"a/".repeat(450_000)}#`,
];

describe("a text of nearly a megabyte that does not fit", () => {
  const bodies: [string, (text: string) => object][] = [
    ["/auth/login", (email) => ({ email, password: "x" })],
    ["/auth/links/use", (name) => ({ token: "x", password: "x", name })],
    ["/auth/links/use", (email) => ({ token: "x", password: "x", email })],
    ["/api-keys", (label) => ({ label })],
    ["/api-keys", (description) => ({ label: "x", description })],
    ["/api-keys", (scope) => ({ label: "x", scopes: [scope] })],
    ["/hats", (skill) => ({ slug: "x", name: "X", skills: [skill] })],
    ["/teams", (slug) => ({ slug, name: "X" })],
    ["/v1/keys/verify", (skill) => ({ key: "x", skill })],
    ["/v1/keys/verify", (request_id) => ({ key: "x", request_id, cost: 1 })],
  ];

  test("is refused in linear time on every field: all of them together take a moment", async () => {
    // A quadratic pattern takes a quarter of an hour for one of these; the test's own limit is 60 s.
    for (const [path, bodyOf] of bodies) {
      for (const text of longTexts) {
        const answer = await app.manage(path, { body: bodyOf(text) });
        expect([path, [401, 413, 422].includes(answer.status)]).toEqual([path, true]);
      }
    }
  });
});

describe("an address", () => {
  test("that grows when it is written in lower case, or holds what does not print, is refused", async () => {
    const organization = await defaultOrganization(app);
    const path = `/organizations/${organization}/invitations`;
    for (const email of [
      `${"İ".repeat(64)}@x.example`,
      "a\u0085b@x.example",
      "a\u202eb@x.example",
      "a\u200b@x.example",
      "a b@x.example",
      "a@x",
      "a@x..example",
    ]) {
      const { status } = await app.manage(path, { body: { email, role: "viewer" } });
      expect([email, status]).toEqual([email, 422]);
    }
    expect((await app.manage(path)).status).toBe(200);
  });
});
