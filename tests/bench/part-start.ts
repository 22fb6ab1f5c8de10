import { median } from "./alternate.ts";
import type { BenchContext } from "./bench-context.ts";
import { below, milliseconds, type Row } from "./report.ts";
import { timeStarts } from "./time-starts.ts";

const startMax = 250;

/** From nothing to an answer: root key, database, first key, then listening. */
export async function measureStart(context: BenchContext): Promise<Row[]> {
  const times = await timeStarts(context, context.options.rounds, () => context.newFolder());
  return [
    milliseconds("start to first 200, empty folder", median(times), below(startMax)),
    milliseconds("  slowest", Math.max(...times)),
  ];
}
