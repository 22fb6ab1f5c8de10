import { afterAll, beforeAll, expect, test } from "bun:test";
import {
  emptyFolder,
  removeFolder,
  requireBinary,
  runBinary,
  startBinary,
} from "../../support/binary.ts";

let cwd: string;
beforeAll(() => {
  requireBinary();
  cwd = emptyFolder();
});
afterAll(() => removeFolder(cwd));

const serve = (dialect: string) => startBinary({ cwd, env: { TOLLGATE_DIALECT: dialect } });
const create = (...args: string[]) => {
  const { stdout } = runBinary(["keys", "create", "--label", "x", "--json", ...args], { cwd });
  return JSON.parse(stdout);
};

test("a key of the command line is in the dialect that the server ran with last", async () => {
  const first = await serve("skillboss");
  const old = create();
  expect(old.secret).toMatch(/^sk-[0-9a-f]{64}$/);
  await first.end();

  const second = await serve("skillrouter");
  expect(second.stderr()).toContain('"message":"plans added","plans":"enterprise"');
  const made = create("--scopes", "full-access");
  expect(made.secret).toMatch(/^sk_live_[0-9a-f]{64}$/);
  expect(made.scopes).toEqual(["discover", "execute"]);
  for (const { secret } of [old, made]) {
    expect((await second.call("/key", { key: secret })).status).toBe(200);
  }
  const runtime = await second.call("/v1/runtimes", { key: old.secret, body: { name: "one" } });
  expect(runtime.status).toBe(201);
  await second.end();
});

test("an unknown dialect is named, with those there are, and nothing starts", () => {
  const { exitCode, stderr } = runBinary(["serve", "--dialect", "other"], { cwd });
  expect(exitCode).toBe(2);
  expect(stderr).toContain("--dialect=other");
  expect(stderr).toContain("skillrouter");
});

test("tollgate openapi --dialect prints the document of the dialect", async () => {
  const { stdout } = runBinary(["openapi", "--dialect", "skillett"], { cwd });
  expect(`${stdout.trimEnd()}\n`).toBe(await Bun.file("openapi/openapi.skillett.json").text());
});

test("tollgate openapi follows TOLLGATE_DIALECT, and its flag goes before", async () => {
  const env = { TOLLGATE_DIALECT: "searchrouter" };
  const follows = runBinary(["openapi"], { cwd, env }).stdout;
  expect(`${follows.trimEnd()}\n`).toBe(await Bun.file("openapi/openapi.searchrouter.json").text());
  const { stdout } = runBinary(["openapi", "--dialect", "standard"], { cwd, env });
  expect(`${stdout.trimEnd()}\n`).toBe(await Bun.file("openapi/openapi.json").text());
  const wrong = runBinary(["openapi", "--dialect", "other"], { cwd });
  expect([wrong.exitCode, wrong.stdout]).toEqual([2, ""]);
  expect(wrong.stderr).toContain("searchrouter");
});
