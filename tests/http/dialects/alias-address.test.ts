import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Server } from "bun";
import { createApp } from "../../../src/app.ts";
import { startServer } from "../../../src/http/server.ts";
import { startTestApp, type TestApp } from "../../support/test-app.ts";

const perMinute = 5;
let app: TestApp;
let server: Server<undefined>;

beforeAll(async () => {
  app = await startTestApp({
    flags: {
      dialect: "searchrouter",
      port: "0",
      accessLog: "all",
      trustedProxies: "127.0.0.1",
      anonymousPerMinute: String(perMinute),
    },
  });
  server = startServer(createApp(app.services).compile().fetch, app.services);
});
afterAll(async () => {
  await server.stop(true);
  await app.stop();
});

const paths = ["/v1/permissions", "/api/v1/permissions", "/api/v1/key"];
const methods = ["GET", "HEAD"];
const calls = paths.flatMap((path) => methods.map((method) => [method, path] as const));

const send = (method: string, path: string, from: string, key: string) =>
  fetch(new URL(path, server.url), {
    method,
    headers: { authorization: `Bearer ${key}`, "x-forwarded-for": from },
  });

describe("the address of a caller", () => {
  test.each(calls)("opens the allowlist of a key: %s %s", async (method, path) => {
    const { secret } = await app.newKey({ ip_allowlist: ["192.0.2.0/24"] });
    expect((await send(method, path, "192.0.2.7", secret)).status).toBe(200);
    expect((await send(method, path, "198.51.100.7", secret)).status).toBe(403);
  });

  test.each(calls)("is what bad keys count against, and no other: %s %s", async (method, path) => {
    const host = calls.findIndex((call) => call[0] === method && call[1] === path);
    const attempt = async (network: string) =>
      (await send(method, path, `${network}.${host}`, "sk-sr-wrong")).status;
    for (let at = 0; at < perMinute; at++) expect(await attempt("203.0.113")).toBe(401);
    expect(await attempt("203.0.113")).toBe(429);
    expect(await attempt("198.51.100")).toBe(401);
  });

  test.each(calls)("stands in the access log: %s %s", async (method, path) => {
    const { secret } = await app.newKey();
    const response = await send(method, path, "192.0.2.9", secret);
    const id = response.headers.get("x-request-id") ?? "none";
    const line = app.logged.find((text) => text.includes(id));
    expect(JSON.parse(line ?? "{}")).toMatchObject({ path, status: 200, address: "192.0.2.9" });
  });
});
