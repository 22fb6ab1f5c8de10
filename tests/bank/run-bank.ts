import { join } from "node:path";
import { openFile } from "../../src/db/client.ts";
import { emptyFolder, type RunningBinary, removeFolder, startBinary } from "../support/binary.ts";
import { Bank, type BankOptions } from "./bank.ts";
import { checkBank } from "./check.ts";
import { Random } from "./random.ts";

export interface BankRun extends BankOptions {
  seed: number;
  seconds: number;
  kills: number;
}

export interface BankReport {
  charges: number;
  refused: number;
  settled: number;
  unknown: number;
  kills: number;
  seconds: number;
  faults: string[];
}

/** Ends of holds are waited for at most so long after the last restart. */
const sweepWaitMs = 10_000;

/**
 * The bank test: clients charge, hold, settle, release, grant, rotate and revoke at random while the
 * server is killed and started again; then the file is held against what they were told.
 */
export async function runBank(run: BankRun): Promise<BankReport> {
  const random = new Random(run.seed);
  const cwd = emptyFolder();
  const startedMs = performance.now();
  let server = await startBinary({ cwd });
  try {
    const bank = new Bank(() => server, server.managementKey ?? "", random, run);
    await bank.open();
    const working = bank.work();
    for (let kill = 0; kill < run.kills; kill++) {
      await Bun.sleep((run.seconds * 1_000 * (0.5 + random.next())) / (run.kills + 1));
      await server.end("SIGKILL");
      bank.history.kills++;
      server = await startBinary({ cwd });
    }
    const spentMs = performance.now() - startedMs;
    await Bun.sleep(Math.max(0, run.seconds * 1_000 - spentMs));
    bank.close();
    await working;
    const path = join(cwd, "data", "tollgate.db");
    await untilSwept(path);
    await endWell(server);
    const { charges, settlements, kills, refused } = bank.history;
    const count = (fate: string) => [...charges.values()].filter((one) => one.fate === fate).length;
    return {
      charges: count("acknowledged"),
      refused,
      settled: settlements.filter(({ fate }) => fate === "acknowledged").length,
      unknown: count("unknown"),
      kills,
      seconds: Math.round((performance.now() - startedMs) / 1_000),
      faults: await checkBank(path, bank.history),
    };
  } finally {
    await server.end("SIGKILL");
    removeFolder(cwd);
  }
}

async function untilSwept(path: string): Promise<void> {
  const client = openFile(path, 5_000);
  const deadline = performance.now() + sweepWaitMs;
  try {
    while (performance.now() < deadline) {
      const { rows } = await client.execute("SELECT count(*) FROM holds WHERE state = 'open'");
      if (Number(rows[0]?.[0]) === 0) return;
      await Bun.sleep(100);
    }
  } finally {
    client.close();
  }
}

async function endWell(server: RunningBinary): Promise<void> {
  const code = await server.end();
  if (code !== 0) throw new Error(`The server ended with ${code}: ${server.stderr()}`);
}
