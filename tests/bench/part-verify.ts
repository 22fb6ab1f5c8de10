import { median } from "./alternate.ts";
import { type BenchContext, smallKeys } from "./bench-context.ts";
import { firstAnswer, type LoadRun, spawnTollgate } from "./processes.ts";
import { milliseconds, perSecond, type Row, runNotes } from "./report.ts";

/** `POST /v1/keys/verify`, one key a call, for information. */
export async function measureVerify(context: BenchContext): Promise<Row[]> {
  const { command, port, rounds } = context.options;
  const data = await context.small();
  const tollgate = spawnTollgate(command, { folder: data.folder, port });
  try {
    await firstAnswer(tollgate, "/healthz");
    const plan = {
      from: 0,
      count: smallKeys,
      method: "POST" as const,
      path: "/v1/keys/verify",
      bearer: data.managementSecret,
      body: '{"key":"{secret}","scopes":["execute"]}',
    };
    const runs: LoadRun[] = [];
    for (let round = 0; round < rounds; round++) {
      runs.push(await context.load(tollgate, data, plan));
    }
    const speed = median(runs.map((run) => run.perSecond));
    const p99 = median(runs.map((run) => run.latencyMs.p99));
    return [
      perSecond("POST /v1/keys/verify", speed, undefined, runNotes(runs)),
      milliseconds("  p99", p99),
    ];
  } finally {
    await tollgate.stop();
  }
}
