import { cpSync } from "node:fs";
import { dialectNames } from "../../src/dialects/index.ts";
import { alternate, median, medianCpuRatio, medianRatio } from "./alternate.ts";
import type { BenchContext } from "./bench-context.ts";
import { firstAnswer, spawnTollgate } from "./processes.ts";
import { atLeast, perSecond, type Row, ratio, runNotes } from "./report.ts";

/** A second server in the standard, which tells what a ratio is worth on this machine. */
const control = "the same once more";

/** One hot key in each dialect beside the standard: what a dialect costs a request. */
export async function measureDialects(context: BenchContext): Promise<Row[]> {
  const { command, port, rounds } = context.options;
  const data = await context.small();
  const [secret = ""] = (await Bun.file(data.secretsFile).text()).split("\n");
  const [standard, ...others] = dialectNames;
  const servers = [...dialectNames, control].map((name, at) => {
    const folder = context.newFolder();
    cpSync(data.folder, folder, { recursive: true });
    const flags = ["--dialect", name === control ? standard : name];
    return { name, server: spawnTollgate(command, { folder, port: port + at, flags }) };
  });
  try {
    await Promise.all(servers.map(({ server }) => firstAnswer(server, "/key", secret)));
    const contenders = servers.map(({ name, server }) => {
      return [name, () => context.load(server, data, { from: 0, count: 1 })] as const;
    });
    const runs = await alternate(rounds, Object.fromEntries(contenders));
    const of = (name: string) => runs[name] ?? [];
    const base = of(standard);
    const speed = median(base.map((run) => run.perSecond));
    return [
      ...[...others, control].flatMap((name) => [
        ratio(
          `GET /key, hot, ${name} of ${standard}`,
          medianRatio(of(name), base),
          name === control ? undefined : atLeast(0.97),
        ),
        ratio("  by CPU time a request", medianCpuRatio(of(name), base)),
      ]),
      perSecond(`  ${standard}`, speed, undefined, runNotes(base)),
    ];
  } finally {
    await Promise.all(servers.map(({ server }) => server.stop()));
  }
}
