import type { LoadRun } from "./processes.ts";

/** The runs of each contender, one a round. */
export type Rounds<Name extends string> = Record<Name, LoadRun[]>;

/**
 * Runs the contenders in turn, round after round, every other round in reverse order: a machine
 * that gets slower over the run then slows all of them alike. The first round warms up and is dropped.
 */
export async function alternate<Name extends string>(
  rounds: number,
  contenders: Record<Name, () => Promise<LoadRun>>,
): Promise<Rounds<Name>> {
  const names = Object.keys(contenders) as Name[];
  const results = Object.fromEntries(names.map((name) => [name, []])) as unknown as Rounds<Name>;
  for (let round = 0; round <= rounds; round++) {
    const order = round % 2 === 0 ? names : names.toReversed();
    for (const name of order) {
      const run = await contenders[name]();
      if (round > 0) results[name].push(run);
    }
  }
  return results;
}

/** The median over rounds of one contender's speed in terms of another's of the same round. */
export function medianRatio(runs: LoadRun[], base: LoadRun[]): number {
  return median(runs.map((run, round) => run.perSecond / (base[round]?.perSecond ?? Number.NaN)));
}

/** The same by CPU time for a request: what else runs on the machine hardly touches it. */
export function medianCpuRatio(runs: LoadRun[], base: LoadRun[]): number | undefined {
  const ratios = runs.flatMap((run, round) => {
    const baseMicros = base[round]?.cpuMicros;
    return run.cpuMicros === undefined || baseMicros === undefined
      ? []
      : baseMicros / run.cpuMicros;
  });
  return ratios.length === 0 ? undefined : median(ratios);
}

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}
