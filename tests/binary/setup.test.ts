import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import {
  binaryPath,
  emptyFolder,
  type RunningBinary,
  type RunResult,
  removeFolder,
  requireBinary,
  startBinary,
} from "../support/binary.ts";

const goodPassword = "plum kettle orbit window";
const otherPassword = "seven violet harbour lamps";

let folder: string;
let server: RunningBinary;
/** Everything that any command wrote, for the last test. */
const written: string[] = [];

beforeAll(async () => {
  requireBinary();
  folder = emptyFolder();
  server = await startBinary({ cwd: folder });
}, 120_000);

afterAll(async () => {
  await server.end();
  removeFolder(folder);
});

/** Runs `tollgate setup` with this on its standard input. */
function setUp(args: string[], stdin: string | Uint8Array): RunResult {
  const result = Bun.spawnSync([binaryPath, "setup", ...args], {
    cwd: folder,
    env: {},
    stdin: typeof stdin === "string" ? new TextEncoder().encode(stdin) : stdin,
    timeout: 20_000,
  });
  const stdout = result.stdout.toString();
  const stderr = result.stderr.toString();
  written.push(stdout, stderr);
  return { exitCode: result.exitCode, stdout, stderr };
}

const forAddress = (email: string) => ["--email", email, "--password-stdin"];

interface Login {
  status: number;
  cookie: string;
  answer: { user?: { name: string; is_operator: boolean }; memberships?: { role: string }[] };
}

async function logIn(email: string, password: string): Promise<Login> {
  const response = await server.call("/auth/login", { body: { email, password } });
  return {
    status: response.status,
    cookie: (response.headers.get("set-cookie") ?? "").split(";")[0] ?? "",
    answer: (await response.json()) as Login["answer"],
  };
}

const statusWith = async (path: string, cookie: string) =>
  (await fetch(server.url + path, { headers: { cookie } })).status;

describe("beside a running server", () => {
  test("an operator is made and can log in at once", async () => {
    const { exitCode, stdout, stderr } = setUp(forAddress("Ada@Example.com"), `${goodPassword}\n`);
    expect([exitCode, stderr]).toEqual([0, ""]);
    expect(stdout).toMatch(
      /^id {5}usr_\w+\nemail {2}ada@example\.com\nname {3}Ada\n\nA new operator\.\n$/,
    );
    const { status, cookie, answer } = await logIn("ada@example.com", goodPassword);
    expect(status).toBe(200);
    expect(answer.user).toMatchObject({ name: "Ada", is_operator: true });
    expect(answer.memberships).toMatchObject([{ role: "owner" }]);
    expect(await statusWith("/users", cookie)).toBe(200);
  });

  test("it ends the setup link of the first start", async () => {
    const token = /\/link#([0-9a-f]{64})/.exec(server.stderr())?.[1];
    const shown = await server.call("/auth/links/show", { body: { token } });
    expect(shown.status).toBe(410);
  });

  test("the same address once more gets the new password, and its sessions end", async () => {
    const { cookie } = await logIn("ada@example.com", goodPassword);
    expect(await statusWith("/auth/session", cookie)).toBe(200);
    const { exitCode, stdout } = setUp(forAddress("ada@example.com"), `${otherPassword}\r\n`);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("An operator with a new password; all sessions have ended.");
    expect(await statusWith("/auth/session", cookie)).toBe(401);
    expect((await logIn("ada@example.com", goodPassword)).status).toBe(401);
    expect((await logIn("ada@example.com", otherPassword)).status).toBe(200);
  });

  test("a disabled operator is let in again", async () => {
    const key = server.managementKey;
    if (key === undefined) throw new Error("The first start printed no management key.");
    const { stdout } = setUp([...forAddress("kay@example.com"), "--json"], goodPassword);
    const { id } = JSON.parse(stdout) as { id: string };
    const disable = { method: "PATCH", key, body: { state: "disabled" } };
    expect((await server.call(`/users/${id}`, disable)).status).toBe(200);
    expect((await logIn("kay@example.com", goodPassword)).status).toBe(401);
    expect(setUp(forAddress("kay@example.com"), goodPassword).exitCode).toBe(0);
    expect((await logIn("kay@example.com", goodPassword)).status).toBe(200);
  });

  test("--json prints the user, --name says what to call a new one", async () => {
    const args = [...forAddress("grace@example.com"), "--name", "Grace Hopper", "--json"];
    const { exitCode, stdout } = setUp(args, goodPassword);
    expect(exitCode).toBe(0);
    const user = JSON.parse(stdout);
    expect(Object.keys(user).toSorted()).toEqual(
      ["id", "email", "name", "state", "is_operator", "created_at"].toSorted(),
    );
    expect(user).toMatchObject({ email: "grace@example.com", name: "Grace Hopper" });
    expect((await logIn("grace@example.com", goodPassword)).answer.user).toEqual(user);
  });

  test("spaces, signs and letters of any script are kept as they are", async () => {
    const password = ' "Tür" $HOME `x` 錠前 ';
    expect(setUp(forAddress("signs@example.com"), `${password}\n`).exitCode).toBe(0);
    expect((await logIn("signs@example.com", password)).status).toBe(200);
    expect((await logIn("signs@example.com", password.trim())).status).toBe(401);
  });
});

describe("what cannot be used is refused in one sentence", () => {
  const expectRefused = ({ exitCode, stdout, stderr }: RunResult, sentence: string, code = 2) => {
    expect(stderr).toBe(`${sentence}\n`);
    expect([exitCode, stdout]).toEqual([code, ""]);
  };
  const subject = "tollgate: The password on standard input";

  test("a password that is common, one's own name, short, long or missing", async () => {
    const args = forAddress("katherine.johnson@example.com");
    const easy = "tollgate: Too easy to guess: it is a common password, or near to one.";
    for (const text of [
      "password1234\n",
      "katherine.johnson",
      "Katherine.Johnson1962",
      "ababababab-a",
    ]) {
      expectRefused(setUp(args, text), easy);
    }
    const length = `${subject} has to have 12 to 256 characters.`;
    for (const text of ["elevenchars\n", "🔑".repeat(6), "", "\n", "long enough ".repeat(22)]) {
      expectRefused(setUp(args, text), length);
    }
    expect((await logIn("katherine.johnson@example.com", "password1234")).status).toBe(401);
  });

  test("a password of more than one line, or that is no text", () => {
    const args = forAddress("katherine@example.com");
    const line = `${subject} is not one line of text.`;
    expectRefused(setUp(args, `${goodPassword}\n${otherPassword}\n`), line);
    expectRefused(setUp(args, `${goodPassword}\0`), line);
    expectRefused(
      setUp(
        args,
        Uint8Array.from({ length: 20 }, () => 0xff),
      ),
      `${subject} is not UTF-8.`,
    );
  });

  test("an address or a name that no user can have", () => {
    const address = "tollgate: --email has to be an address such as ada@example.com.";
    for (const email of ["", "ada", "ada@example", "a da@example.com", "a@b.c\u001b[31m"]) {
      expectRefused(setUp(forAddress(email), goodPassword), address);
    }
    const name = "tollgate: --name has to be one line of 1 to 100 characters.";
    for (const given of ["", " ", "two\nlines", "x".repeat(101)]) {
      const args = [...forAddress("ada@example.com"), "--name", given];
      expectRefused(setUp(args, goodPassword), name);
    }
  });

  test("a call without the address, or without saying where the password is", () => {
    const missing = (flag: string) => `error: required option '${flag}' not specified`;
    expectRefused(setUp(["--email", "ada@example.com"], goodPassword), missing("--password-stdin"));
    expectRefused(setUp(["--password-stdin"], goodPassword), missing("--email <address>"));
  });

  test("a folder without a database, and none is made", () => {
    const { exitCode, stdout, stderr } = setUp(
      [...forAddress("ada@example.com"), "--data", "nowhere"],
      goodPassword,
    );
    expect(stderr).toStartWith("tollgate: There is no Tollgate database in ");
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect([exitCode, stdout]).toEqual([1, ""]);
    expect(existsSync(join(folder, "nowhere"))).toBe(false);
  });
});

test("--help fits into 80 columns without colour", () => {
  const { exitCode, stdout } = setUp(["--help"], "");
  expect(exitCode).toBe(0);
  expect(stdout).toStartWith("Usage: tollgate setup");
  expect(stdout).not.toContain("\u001b");
  expect(Math.max(...stdout.split("\n").map((line) => line.length))).toBeLessThanOrEqual(80);
});

test("no password is in anything that was written, the server's log and files included", async () => {
  const passwords = [goodPassword, otherPassword, "password1234", "elevenchars", "Tür"];
  const files = new Bun.Glob("data/*").scan({ cwd: folder, absolute: true });
  const stored = (await Array.fromAsync(files, (path) => Bun.file(path).text())).join("\n");
  expect(stored).toContain("ada@example.com");
  for (const text of [written.join("\n"), server.stderr(), stored]) {
    expect(text).not.toContain("    at ");
    for (const password of passwords) expect(text).not.toContain(password);
  }
});
