import { alternate, median, medianCpuRatio, medianRatio } from "./alternate.ts";
import type { BenchContext } from "./bench-context.ts";
import { firstAnswer, spawnBare, spawnTollgate } from "./processes.ts";
import { atLeast, perSecond, type Row, ratio, runNotes } from "./report.ts";

/** One hot key against a bare route with the same bytes, and against one with the same headers too. */
export async function measureHot(context: BenchContext): Promise<Row[]> {
  const { command, port, rounds } = context.options;
  const data = await context.small();
  const [secret = ""] = (await Bun.file(data.secretsFile).text()).split("\n");
  const tollgate = spawnTollgate(command, { folder: data.folder, port });
  const answer = await firstAnswer(tollgate, "/key", secret);
  const answerFile = `${data.folder}/bench-answer.json`;
  const own = [...answer.headers].filter(([name]) => !["date", "content-length"].includes(name));
  await Bun.write(answerFile, JSON.stringify({ headers: own, body: await answer.text() }));
  const bare = spawnBare("static", { answerFile, port: port + 1 });
  const bareHeaders = spawnBare("headers", { answerFile, port: port + 2 });
  try {
    await Promise.all([firstAnswer(bare, "/key"), firstAnswer(bareHeaders, "/key", secret)]);
    const oneKey = { from: 0, count: 1 };
    const runs = await alternate(rounds, {
      tollgate: () => context.load(tollgate, data, oneKey),
      bare: () => context.load(bare, data, oneKey),
      bareHeaders: () => context.load(bareHeaders, data, oneKey),
    });
    const speed = (name: keyof typeof runs) => median(runs[name].map((run) => run.perSecond));
    return [
      ratio("GET /key, hot, of bare", medianRatio(runs.tollgate, runs.bare), atLeast(0.85)),
      ratio("  by CPU time a request", medianCpuRatio(runs.tollgate, runs.bare)),
      ratio("  of bare with the same headers", medianRatio(runs.tollgate, runs.bareHeaders)),
      ratio("  bare with headers, of bare", medianRatio(runs.bareHeaders, runs.bare)),
      perSecond("  Tollgate", speed("tollgate"), undefined, runNotes(runs.tollgate)),
      perSecond("  bare", speed("bare"), undefined, runNotes(runs.bare)),
      perSecond("  bare with headers", speed("bareHeaders"), undefined, runNotes(runs.bareHeaders)),
    ];
  } finally {
    await Promise.all([tollgate.stop(), bare.stop(), bareHeaders.stop()]);
  }
}
