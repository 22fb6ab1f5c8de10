import { median } from "./alternate.ts";
import type { BenchContext } from "./bench-context.ts";
import { residentMegabytes } from "./machine.ts";
import { firstAnswer, type LoadRun, spawnTollgate } from "./processes.ts";
import {
  atLeast,
  below,
  count,
  megabytes,
  milliseconds,
  perSecond,
  type Row,
  runNotes,
} from "./report.ts";

const residentMax = 250;
/** The run that uses up the secrets which are left ends here at the latest. */
const soakMaxMs = 60_000;

/** Each request brings a key that this server has not seen: a database read for every one. */
export async function measureCold(context: BenchContext): Promise<Row[]> {
  const { command, port, rounds } = context.options;
  const data = await context.large();
  const tollgate = spawnTollgate(command, { folder: data.folder, port });
  try {
    await firstAnswer(tollgate, "/healthz");
    let used = 0;
    const takeNew = async (measureMs?: number): Promise<LoadRun> => {
      const left = { from: used, count: data.secretsCount - used, once: true };
      const longer = measureMs === undefined ? {} : { measureMs };
      const run = await context.load(tollgate, data, { ...left, ...longer });
      used += run.secretsUsed;
      return run;
    };
    const runs: LoadRun[] = [];
    for (let round = 0; round < rounds && used < data.secretsCount / 2; round++) {
      runs.push(await takeNew());
    }
    const soak = await takeNew(soakMaxMs);
    const resident = residentMegabytes(tollgate.pid);
    const speed = median(runs.map((run) => run.perSecond));
    return [
      perSecond("GET /key, cold keys", speed, atLeast(15_000), runNotes(runs)),
      perSecond("  one long run", soak.perSecond, undefined, runNotes([soak])),
      milliseconds("  longest wait in it", soak.latencyMs.max),
      count("  keys read", used),
      megabytes("  RSS after them", resident?.now, below(residentMax)),
    ];
  } finally {
    await tollgate.stop();
  }
}
