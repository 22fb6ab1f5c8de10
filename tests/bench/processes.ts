import type { Subprocess } from "bun";
import type { LoadPlan, LoadResult } from "./load-plan.ts";
import { cpuSeconds, pinned } from "./machine.ts";

/** A server that does not answer within this is given up. */
const startMaxMs = 10_000;
const stopMaxMs = 15_000;

const running = new Set<RunningServer>();

/** A server under test: Tollgate or a bare one. */
export interface RunningServer {
  port: number;
  pid: number;
  stop(): Promise<void>;
}

/** The command that starts Tollgate; `serve` and its flags follow. */
export type TollgateCommand = string[];

/** Starts Tollgate on a data folder. It listens, or answers nothing yet: see `firstAnswer`. */
export function spawnTollgate(
  command: TollgateCommand,
  { folder, port, flags = [] }: { folder: string; port: number; flags?: readonly string[] },
): RunningServer {
  const usual = ["serve", "--port", String(port), "--data", folder, "--log-level", "warn"];
  return track(port, spawnServer([...command, ...usual, ...flags]));
}

/** Starts a bare server that gives the answer in `answerFile`. */
export function spawnBare(
  mode: "static" | "headers",
  { answerFile, port }: { answerFile: string; port: number },
): RunningServer {
  const script = `${import.meta.dir}/bare-server.ts`;
  return track(port, spawnServer([process.execPath, script, String(port), mode, answerFile]));
}

/** Asks until the server answers 200; returns the answer. */
export async function firstAnswer(
  server: RunningServer,
  path: string,
  bearer?: string,
): Promise<Response> {
  const deadlineMs = performance.now() + startMaxMs;
  const headers: Record<string, string> =
    bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
  while (performance.now() < deadlineMs) {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { headers }).catch(
      () => undefined,
    );
    if (response?.status === 200) return response;
    await Bun.sleep(1);
  }
  throw new Error(`No 200 for ${path} on port ${server.port} within ${startMaxMs} ms.`);
}

export type LoadRun = LoadResult & {
  /** How busy the server kept its core, 1 being wholly; undefined off Linux. */
  serverBusy: number | undefined;
  /** What the server's threads used for one request; undefined off Linux. */
  cpuMicros: number | undefined;
};

/** Runs the load generator once. Throws when it failed; a status other than 200 is in `failures`. */
export async function runLoad(server: RunningServer, plan: LoadPlan): Promise<LoadRun> {
  const command = [process.execPath, `${import.meta.dir}/load.ts`, JSON.stringify(plan)];
  const load = Bun.spawn(pinned("load", command), { stdout: "pipe", stderr: "inherit" });
  const before = cpuSeconds(server.pid);
  const output = await new Response(load.stdout).text();
  const after = cpuSeconds(server.pid);
  if ((await load.exited) !== 0) throw new Error("The load generator failed.");
  const result = JSON.parse(output) as LoadResult;
  if (before === undefined || after === undefined) {
    return { ...result, serverBusy: undefined, cpuMicros: undefined };
  }
  return {
    ...result,
    serverBusy: (after - before) / (result.seconds + plan.warmUpMs / 1_000),
    cpuMicros: ((after - before) * 1_000_000) / result.requestsTotal,
  };
}

function spawnServer(command: string[]) {
  const env = { PATH: process.env["PATH"] ?? "", TMPDIR: process.env["TMPDIR"] ?? "/tmp" };
  return Bun.spawn(pinned("server", command), { env, stdout: "ignore", stderr: "ignore" });
}

function track(port: number, child: Subprocess): RunningServer {
  const server = {
    port,
    pid: child.pid,
    async stop() {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), stopMaxMs);
      await child.exited;
      clearTimeout(timer);
      running.delete(server);
    },
  };
  running.add(server);
  return server;
}

/** Stops what is still running, for a run that was broken off. */
export async function stopAll(): Promise<void> {
  await Promise.all([...running].map((server) => server.stop()));
}
