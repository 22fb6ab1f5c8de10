import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { openFile } from "../../src/db/client.ts";
import {
  emptyFolder,
  removeFolder,
  requireBinary,
  runBinary,
  startBinary,
} from "../support/binary.ts";

let folder: string;
beforeAll(() => {
  requireBinary();
  folder = emptyFolder();
}, 120_000);
afterAll(() => removeFolder(folder));

const run = (args: string[], env: Record<string, string> = {}) =>
  runBinary(args, { cwd: folder, env });

const fresh = (name: string) => {
  mkdirSync(join(folder, name), { recursive: true });
  return join(folder, name);
};

describe("help and mistakes", () => {
  const commands = [
    [],
    ["serve"],
    ["setup"],
    ["keys"],
    ...["create", "import", "list", "show", "revoke", "rotate"].map((verb) => ["keys", verb]),
    ["openapi"],
    ["migrate"],
    ["backup"],
    ["doctor"],
    ["version"],
  ];
  for (const command of commands) {
    test(`tollgate ${[...command, "--help"].join(" ")} fits into 80 columns without colour`, () => {
      const { exitCode, stdout } = run([...command, "--help"]);
      expect(exitCode).toBe(0);
      expect(stdout).toStartWith(`Usage: ${["tollgate", ...command].join(" ")}`);
      expect(stdout).not.toContain("\u001b");
      expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
    });
  }

  test("an unknown flag, command or setting is refused with exit code 2", () => {
    for (const args of [
      ["serve", "--prot", "1"],
      ["keys", "list", "--all"],
      ["destroy"],
      ["keys", "crate"],
    ]) {
      const { exitCode, stderr } = run(args);
      expect([args, exitCode]).toEqual([args, 2]);
      expect(stderr).toMatch(/unknown (option|command)/);
    }
    const wrong = run(["serve"], { TOLLGATE_PROT: "1" });
    expect([wrong.exitCode, wrong.stderr]).toEqual([
      2,
      "tollgate: Unknown setting in the environment: TOLLGATE_PROT.\n",
    ]);
    expect(run(["serve", "--port", "x"]).exitCode).toBe(2);
    expect(run(["keys", "create"]).exitCode).toBe(2);
    expect(run([]).exitCode).toBe(2);
  });

  test("version says what it is", () => {
    const manifest = JSON.parse(readFileSync("package.json", "utf8"));
    expect(JSON.parse(run(["version", "--json"]).stdout).version).toBe(manifest.version);
  });

  test("openapi prints the committed document", () => {
    const committed = readFileSync("openapi/openapi.json", "utf8");
    expect(run(["openapi"]).stdout).toBe(committed);
    expect(run(["openapi", "--out", "document.json"]).exitCode).toBe(0);
    expect(readFileSync(join(folder, "document.json"), "utf8")).toBe(committed);
  });

  test("commands on a folder without a database say so", () => {
    for (const args of [["keys", "list"], ["migrate"], ["doctor"], ["backup", "x.db"]]) {
      const { exitCode, stderr } = run([...args, "--data", "nowhere"]);
      expect(exitCode).toBe(1);
      expect(stderr).toContain("There is no Tollgate database in");
    }
    expect(existsSync(join(folder, "nowhere"))).toBe(false);
  });
});

describe("what keeps it from starting is said in a sentence", () => {
  const expectFailure = (args: string[], sentence: string, env: Record<string, string> = {}) => {
    const { exitCode, stderr } = run(["serve", "--port", "0", ...args], env);
    expect(stderr).toContain(sentence);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).not.toContain("    at ");
    expect(exitCode).toBe(1);
  };

  test("a port that is taken, and the first key is not lost to it", async () => {
    const other = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: () => new Response() });
    expectFailure(["--port", String(other.port), "--data", fresh("taken")], "The port is taken");
    await other.stop(true);
    const first = await startBinary({ cwd: folder, args: ["--data", fresh("first")] });
    const { port } = new URL(first.url);
    expectFailure(["--port", port, "--data", fresh("second")], "The port is taken");
    await first.end();
    const server = await startBinary({ cwd: folder, args: ["--data", join(folder, "taken")] });
    for (let wait = 0; wait < 100 && !server.stderr().includes("mk_"); wait++) await Bun.sleep(20);
    expect(server.stderr()).toContain("shown this once");
    expect(await server.end()).toBe(0);
  });

  test("a data folder that is no folder, or cannot be made", () => {
    writeFileSync(join(folder, "file"), "");
    expectFailure(["--data", "file"], "is not a folder");
    expectFailure(["--data", "/proc/tollgate"], "/proc/tollgate");
  });

  test("a temporary folder that cannot be used", () => {
    expectFailure(["--data", fresh("temp")], "Set TMPDIR", {
      TMPDIR: join(folder, "no-such-folder"),
    });
  });

  test("a second server on the same folder", async () => {
    const data = fresh("shared");
    const server = await startBinary({ cwd: folder, args: ["--data", data] });
    expectFailure(["--data", data], "Another tollgate server is running");
    await server.end();
  });

  test("a root key that is missing or another one", async () => {
    const data = fresh("root-key");
    await (await startBinary({ cwd: folder, args: ["--data", data] })).end();
    const path = join(data, "root.key");
    const key = readFileSync(path, "utf8");
    writeFileSync(path, `${"0".repeat(64)}\n`);
    expectFailure(["--data", data], "Root key wrong");
    writeFileSync(path, "short");
    expectFailure(["--data", data], "Root key unusable");
    rmSync(path);
    expectFailure(["--data", data], "Root key missing");
    expect(existsSync(path)).toBe(false);
    const elsewhere = join(folder, "elsewhere.key");
    writeFileSync(elsewhere, key, { mode: 0o600 });
    const server = await startBinary({
      cwd: folder,
      args: ["--data", data, "--root-key-file", elsewhere],
    });
    expect(await server.end()).toBe(0);
  });

  test("a database that is newer, another program's, or none", async () => {
    const newer = fresh("newer");
    await (await startBinary({ cwd: folder, args: ["--data", newer] })).end();
    const client = openFile(join(newer, "tollgate.db"), 0);
    await client.execute("INSERT INTO migrations VALUES ('9999_future', 0)");
    client.close();
    expectFailure(["--data", newer], "newer than this binary");
    const text = fresh("text");
    writeFileSync(
      join(text, "tollgate.db"),
      "this is text and not a database, whatever its name says",
    );
    expectFailure(["--data", text], "is not a database");
    const other = fresh("other");
    const theirs = openFile(join(other, "tollgate.db"), 0);
    await theirs.execute("CREATE TABLE theirs (a)");
    theirs.close();
    expectFailure(["--data", other], "belongs to another program");
  });

  test("doctor finds a wrong root key and open file modes", async () => {
    const data = fresh("sick");
    await (await startBinary({ cwd: folder, args: ["--data", data] })).end();
    chmodSync(join(data, "tollgate.db"), 0o644);
    writeFileSync(join(data, "root.key"), `${"0".repeat(64)}\n`);
    const { exitCode, stdout } = run(["doctor", "--data", data]);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/FAILED\s+root key/);
    expect(stdout).toMatch(/FAILED\s+file mode .*0644; run: chmod go-rwx/);
  });

  test("doctor finds usage that is not the sum of its charges", async () => {
    const data = fresh("falsified");
    const server = await startBinary({ cwd: folder, args: ["--data", data] });
    const key = server.managementKey ?? "";
    const send = async (path: string, body: object) =>
      (await (await server.call(path, { key, body })).json()) as { secret?: string };
    await send("/organizations/default/credits", { kind: "grant", amount: 1 });
    const { secret } = await send("/api-keys", { label: "x" });
    await send("/v1/keys/verify", { key: secret, cost: 0.5 });
    await server.end("SIGKILL");
    expect(run(["doctor", "--data", data]).stdout).toMatch(/ok\s+usage/);
    const again = await startBinary({ cwd: folder, args: ["--data", data] });
    const file = openFile(join(data, "tollgate.db"), 5_000);
    const charges = () => file.execute("SELECT * FROM usage_rollups WHERE charges > 0");
    while ((await charges()).rows.length < 3) await Bun.sleep(20);
    const answer = await again.call("/usage?interval=none", { key });
    expect(await answer.json()).toMatchObject({ data: [{ charges: 1, cost: 0.5 }] });
    await again.end("SIGKILL");
    expect(run(["doctor", "--data", data]).stdout).toMatch(/ok\s+usage/);
    await file.execute(
      "UPDATE usage_rollups SET charges = 2 WHERE interval = 'day' AND charges > 0",
    );
    file.close();
    const { exitCode, stdout } = run(["doctor", "--data", data]);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/FAILED\s+usage.*day.* is off by 1 charges and 0 micro-USD/);
  });

  test("the addons are unpacked once for all starts, for the owner only", async () => {
    const temporary = fresh("tmp");
    expect(run(["version"], { TMPDIR: temporary }).exitCode).toBe(0);
    await (
      await startBinary({
        cwd: folder,
        args: ["--data", fresh("tidy")],
        env: { TMPDIR: temporary },
      })
    ).end();
    const unpacked = readdirSync(temporary);
    expect(unpacked.length).toBeLessThanOrEqual(2);
    for (const name of unpacked) expect(statSync(join(temporary, name)).mode & 0o077).toBe(0);
  });
});
