import { afterAll, beforeAll, expect, test } from "bun:test";
import { createHash, randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { openFile } from "../../src/db/client.ts";
import {
  emptyFolder,
  type RunningBinary,
  removeFolder,
  requireBinary,
  runBinary,
  startBinary,
} from "../support/binary.ts";

let folder: string;
let server: RunningBinary;
beforeAll(async () => {
  requireBinary();
  folder = emptyFolder();
  server = await startBinary({ cwd: folder });
}, 120_000);
afterAll(async () => {
  await server.end();
  removeFolder(folder);
});

const newSecret = () => `sk-${randomBytes(24).toString("base64url")}`;
const hexOf = (secret: string) => createHash("sha256").update(secret).digest("hex");
const run = (...args: string[]) => runBinary(["keys", "import", ...args], { cwd: folder });

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return name;
}

test("keys imported beside a running server work there, and are stored anew at their first use", async () => {
  const [whole, digest] = [newSecret(), newSecret()];
  expect((await server.call("/key", { key: whole })).status).toBe(401);
  const table = `secret,sha256,label,scopes\n${whole},,whole,a b\n,${hexOf(digest)},digest,\n`;
  const name = file("keys.csv", table);
  const dry = run(name, "--dry-run");
  expect([dry.exitCode, dry.stderr]).toEqual([0, "2 would be imported, 0 refused.\n"]);
  expect((await server.call("/key", { key: whole })).status).toBe(401);
  const { exitCode, stdout, stderr } = run(name);
  expect([exitCode, stderr]).toEqual([0, "2 imported, 0 refused.\n"]);
  expect(stdout.split("\n")[1]).toMatch(/^0 {6}imported {2}key_[0-9a-f]{32} {2}whole$/);
  for (const secret of [whole, digest]) {
    while ((await server.call("/key", { key: secret })).status !== 200) await Bun.sleep(5);
  }
  const db = openFile(join(folder, "data", "tollgate.db"), 5_000);
  const digests = "SELECT count(*) FROM secrets WHERE hash_of = 'sha256'";
  while ((await db.execute(digests)).rows[0]?.[0] !== 0) await Bun.sleep(5);
  db.close();
  const again = run(name);
  expect([again.exitCode, again.stdout.match(/refused +conflict/g)?.length]).toEqual([1, 2]);
}, 60_000);

test("a line a key fits into 80 columns, and a refused key makes the exit code 1", () => {
  const bad = "password".repeat(4);
  const label = "a label that is longer than the column of a list has room for";
  const keys = [
    { secret: newSecret(), label },
    { secret: bad, label },
    { secret: newSecret(), label, limits: { requests_per_minute: "x" } },
    { secret: newSecret(), label, type: "management" },
  ];
  const { exitCode, stdout, stderr } = run(file("keys.json", JSON.stringify(keys)));
  expect(exitCode).toBe(1);
  expect(stdout.trimEnd().split("\n")).toHaveLength(1 + keys.length);
  expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
  expect(stderr).toContain("tollgate: 1 imported, 3 refused.");
  for (const { secret } of keys) expect(stdout + stderr).not.toContain(secret);
});

test("more than a thousand keys go in a thousand at a time, with a report of all", () => {
  const secrets = Array.from({ length: 1_500 }, newSecret);
  const lines = secrets.map((secret, at) => JSON.stringify({ secret, label: `key ${at}` }));
  const name = file("keys.jsonl", lines.join("\n"));
  const { exitCode, stdout, stderr } = run(name, "--json");
  expect(exitCode).toBe(0);
  expect(stderr).toContain("1000 of 1500 keys\n1500 of 1500 keys\n");
  const report = JSON.parse(stdout);
  expect([report.imported, report.data.length, report.data[1_499].index]).toEqual([
    1_500, 1_500, 1_499,
  ]);
}, 60_000);

test("what cannot be read is exit code 2, and nothing of it is repeated", () => {
  const secret = newSecret();
  for (const text of [`${secret},label\n`, `{"secret": "${secret}"\n`, `["${secret}`, ""]) {
    const { exitCode, stdout, stderr } = run(file("broken", text));
    expect(exitCode).toBe(2);
    expect(stdout + stderr).not.toContain(secret);
  }
  expect(run("no-such-file").exitCode).toBe(2);
  expect(run().exitCode).toBe(2);
});
