import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { isBinaryFresh } from "../../src/build/stamp.ts";

export const binaryPath = resolve("dist/tollgate");

/** Builds the binary when it is missing or not of these sources. */
export function requireBinary(): void {
  if (existsSync(binaryPath) && isBinaryFresh()) return;
  const build = Bun.spawnSync([process.execPath, "src/build/compile.ts"]);
  if (build.exitCode !== 0) throw new Error(`The build failed: ${build.stderr}`);
}

export interface RunResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/** A folder of its own for a test, empty. */
export function emptyFolder(): string {
  return mkdtempSync(join(tmpdir(), "tollgate-binary-"));
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** Runs a command of the binary to its end, with an empty environment unless one is given. */
export function runBinary(
  args: readonly string[],
  options: { cwd: string; env?: Record<string, string>; program?: string },
): RunResult {
  const { cwd, env = {}, program = binaryPath } = options;
  const result = Bun.spawnSync([program, ...args], { cwd, env, timeout: 20_000 });
  return {
    exitCode: result.exitCode,
    stdout: result.stdout.toString(),
    stderr: result.stderr.toString(),
  };
}

export interface RunningBinary {
  url: string;
  pid: number;
  /** The first management key, when this start made one. */
  managementKey: string | undefined;
  /** What it has written to stderr so far. */
  stderr(): string;
  /** Sends the signal and resolves with the exit code. */
  end(signal?: NodeJS.Signals): Promise<number>;
  call(path: string, init?: { method?: string; key?: string; body?: unknown }): Promise<Response>;
}

const startTimeoutMs = 10_000;

/** Starts `serve` on a free port and waits until it listens. Throws with its words when it does not. */
export async function startBinary(options: {
  cwd: string;
  args?: readonly string[];
  env?: Record<string, string>;
  command?: readonly string[];
}): Promise<RunningBinary> {
  const { cwd, args = [], env = {}, command = [binaryPath] } = options;
  const dataFlag = args.indexOf("--data");
  const data = dataFlag === -1 ? "data" : (args[dataFlag + 1] as string);
  const isFirst = !existsSync(resolve(cwd, data, "tollgate.db"));
  const server = Bun.spawn([...command, "serve", "--port", "0", ...args], {
    cwd,
    env,
    stdin: "ignore",
    stdout: "ignore",
    stderr: "pipe",
  });
  let text = "";
  const { promise: listening, resolve: isListening } = Promise.withResolvers<string>();
  const reading = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of server.stderr) {
      text += decoder.decode(chunk, { stream: true });
      const address = /"address":"([^"]+)"/.exec(text)?.[1];
      if (address !== undefined && (!isFirst || text.includes("/docs\n"))) isListening(address);
    }
  })();
  const url = await Promise.race([
    listening,
    server.exited.then((code) => Promise.reject(new Error(`It ended with ${code}: ${text}`))),
    Bun.sleep(startTimeoutMs).then(() => Promise.reject(new Error(`It does not listen: ${text}`))),
  ]);
  return {
    url,
    pid: server.pid,
    managementKey: /\bmk_[0-9a-f]{64}\b/.exec(text)?.[0],
    stderr: () => text,
    async end(signal = "SIGTERM") {
      server.kill(signal);
      const code = await server.exited;
      await reading;
      return code;
    },
    call(path, { method, key, body } = {}) {
      const headers: Record<string, string> = {};
      if (key !== undefined) headers["authorization"] = `Bearer ${key}`;
      if (body !== undefined) headers["content-type"] = "application/json";
      return fetch(url + path, {
        method: method ?? (body === undefined ? "GET" : "POST"),
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    },
  };
}
