import { alternate, median, medianRatio } from "./alternate.ts";
import { type BenchContext, smallKeys } from "./bench-context.ts";
import { firstAnswer, type RunningServer, spawnTollgate } from "./processes.ts";
import { atLeast, below, milliseconds, perSecond, type Row, ratio, runNotes } from "./report.ts";

const spreadKeys = 100;
const creditsUsd = 1_000_000;

/** Verify with a charge that is on the disk when it is answered, beside the same verify without cost. */
export async function measureCharge(context: BenchContext): Promise<Row[]> {
  const { command, port, rounds } = context.options;
  const data = await context.small();
  const tollgate = spawnTollgate(command, { folder: data.folder, port });
  try {
    await firstAnswer(tollgate, "/healthz");
    await addCredits(tollgate, data.managementSecret);
    const plan = {
      from: 0,
      method: "POST" as const,
      path: "/v1/keys/verify",
      bearer: data.managementSecret,
    };
    const charge = { ...plan, body: '{"key":"{secret}","cost":0.000001}' };
    const free = { ...plan, body: '{"key":"{secret}"}' };
    const delaysMs: number[] = [];
    const runs = await alternate(rounds, {
      spread: async () => {
        // A scrape begins the figure anew.
        await figures(tollgate, data.managementSecret);
        const run = await context.load(tollgate, data, { ...charge, count: spreadKeys });
        const { eventLoopMs } = await figures(tollgate, data.managementSecret);
        delaysMs.push(eventLoopMs);
        return run;
      },
      one: () => context.load(tollgate, data, { ...charge, count: 1 }),
      free: () => context.load(tollgate, data, { ...free, count: Math.min(spreadKeys, smallKeys) }),
    });
    const { commits, movements } = await figures(tollgate, data.managementSecret);
    context.options.progress(
      `${commits} commits, ${(movements / Math.max(1, commits)).toFixed(1)} charges a commit`,
    );
    const speed = (name: keyof typeof runs) => median(runs[name].map((run) => run.perSecond));
    const p99 = (name: keyof typeof runs) => median(runs[name].map((run) => run.latencyMs.p99));
    return [
      perSecond(
        "verify with charge, 100 keys",
        speed("spread"),
        atLeast(8_000),
        runNotes(runs.spread),
      ),
      milliseconds("  p99", p99("spread"), below(20)),
      milliseconds("  event loop late, p99", median(delaysMs), below(5)),
      ratio("  of the same without cost", medianRatio(runs.spread, runs.free)),
      perSecond("verify with charge, one key", speed("one"), atLeast(8_000), runNotes(runs.one)),
      milliseconds("  p99", p99("one"), below(20)),
    ];
  } finally {
    await tollgate.stop();
  }
}

async function figures(server: RunningServer, key: string) {
  const response = await fetch(`http://127.0.0.1:${server.port}/metrics`, {
    headers: { authorization: `Bearer ${key}` },
  });
  const text = await response.text();
  const figure = (name: string) =>
    Number(new RegExp(`^tollgate_${name} ([\\d.e-]+)`, "m").exec(text)?.[1] ?? Number.NaN);
  return {
    commits: figure("ledger_commits_total"),
    movements: figure("ledger_movements_total"),
    eventLoopMs: figure("event_loop_delay_p99_seconds") * 1_000,
  };
}

async function addCredits(server: RunningServer, key: string): Promise<void> {
  const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
  const response = await fetch(`http://127.0.0.1:${server.port}/organizations/default/credits`, {
    method: "POST",
    headers,
    body: JSON.stringify({ kind: "grant", amount: creditsUsd }),
  });
  if (response.status !== 201) throw new Error(await response.text());
}
