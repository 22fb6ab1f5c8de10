import { alternate, median, medianCpuRatio, medianRatio } from "./alternate.ts";
import { type BenchContext, smallKeys } from "./bench-context.ts";
import { residentMegabytes } from "./machine.ts";
import { firstAnswer, spawnTollgate } from "./processes.ts";
import { atLeast, below, megabytes, milliseconds, type Row, ratio, runNotes } from "./report.ts";
import { timeStarts } from "./time-starts.ts";

const startMax = 1_000;
const residentMax = 250;
const restMs = 2_000;

/** The same 1,000 keys in use, with nothing else in the file and with all the others in it. */
export async function measureManyKeys(context: BenchContext): Promise<Row[]> {
  const { command, port, rounds, keys } = context.options;
  const [few, many] = [await context.small(), await context.large()];
  const starts = await timeStarts(context, rounds, () => many.folder);
  const small = spawnTollgate(command, { folder: few.folder, port });
  const large = spawnTollgate(command, { folder: many.folder, port: port + 1 });
  try {
    await Promise.all([firstAnswer(small, "/healthz"), firstAnswer(large, "/healthz")]);
    await Bun.sleep(restMs);
    const atRest = residentMegabytes(large.pid);
    const used = { from: 0, count: smallKeys };
    const runs = await alternate(rounds, {
      small: () => context.load(small, few, used),
      large: () => context.load(large, many, used),
    });
    const underLoad = residentMegabytes(large.pid);
    const name = `${keys.toLocaleString("en")} keys`;
    return [
      ratio(
        `${name}, hot, of 1,000`,
        medianRatio(runs.large, runs.small),
        atLeast(0.95),
        runNotes(runs.large),
      ),
      ratio("  by CPU time a request", medianCpuRatio(runs.large, runs.small)),
      milliseconds("  start to first 200", median(starts), below(startMax)),
      megabytes("  RSS at rest", atRest?.now, below(residentMax)),
      megabytes("  RSS under load, highest", underLoad?.peak, below(residentMax)),
    ];
  } finally {
    await Promise.all([small.stop(), large.stop()]);
  }
}
