import { existsSync, readFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";

export interface Machine {
  cpu: string;
  cores: number;
  memoryGiB: number;
  bun: string;
  /** Servers on one core and the load generator on another; false where the machine can't. */
  isPinned: boolean;
}

const canPin = cpus().length >= 2 && Bun.which("taskset") !== null;

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    bun: Bun.version,
    isPinned: canPin,
  };
}

const coreOf = { server: "0", load: "1" } as const;

/** The command, kept on its core where the machine can. */
export function pinned(role: keyof typeof coreOf, command: string[]): string[] {
  return canPin ? ["taskset", "-c", coreOf[role], ...command] : command;
}

/** Resident memory in MB (millions of bytes), now and at its highest; undefined off Linux. */
export function residentMegabytes(pid: number): { now: number; peak: number } | undefined {
  const path = `/proc/${pid}/status`;
  if (!existsSync(path)) return undefined;
  const text = readFileSync(path, "utf8");
  const read = (name: string) => {
    const kibibytes = Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1]);
    return Math.round((kibibytes * 1_024) / 1_000_000);
  };
  return { now: read("VmRSS"), peak: read("VmHWM") };
}

const ticksPerSecond = 100;

/** CPU seconds that a process has used, all threads; undefined off Linux. */
export function cpuSeconds(pid: number): number | undefined {
  const path = `/proc/${pid}/stat`;
  if (!existsSync(path)) return undefined;
  // The second field is the command in parentheses; utime and stime are the 14th and 15th.
  const fields = readFileSync(path, "utf8").split(") ")[1]?.split(" ") ?? [];
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}
