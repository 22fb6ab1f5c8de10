import type { BenchContext } from "./bench-context.ts";
import { firstAnswer, spawnTollgate } from "./processes.ts";

const startsMin = 7;

/** Milliseconds from starting the process to its first 200, once for each start. */
export async function timeStarts(
  context: BenchContext,
  rounds: number,
  folderFor: () => string,
): Promise<number[]> {
  const { command, port } = context.options;
  const times: number[] = [];
  for (let start = 0; start < Math.max(rounds, startsMin); start++) {
    const folder = folderFor();
    const startedMs = performance.now();
    const server = spawnTollgate(command, { folder, port });
    try {
      await firstAnswer(server, "/healthz");
      times.push(performance.now() - startedMs);
    } finally {
      await server.stop();
    }
  }
  return times;
}
