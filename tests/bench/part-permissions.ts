import { alternate, median, medianCpuRatio, medianRatio } from "./alternate.ts";
import type { BenchContext } from "./bench-context.ts";
import { firstAnswer, type RunningServer, spawnTollgate } from "./processes.ts";
import { atLeast, perSecond, type Row, ratio, runNotes } from "./report.ts";

const scopesCount = 50;
const hatsCount = 20;
const skillsOfHat = 20;
/** So high that no run meets it. */
const limits = { requests_per_minute: 1_000_000_000, requests_per_day: 10_000_000_000 };
/** The last hat has it: a search from the first would find it last. */
const skill = `integration${hatsCount - 1}/skill${skillsOfHat - 1}`;

/**
 * A key with 50 scopes in a workspace of 20 hats, beside one with `*` in a workspace without any. The
 * list of scopes makes the answer longer, which costs by itself: a third key has `*` and an answer of
 * that length, so that the checks can be told from the bytes.
 */
export async function measurePermissions(context: BenchContext): Promise<Row[]> {
  const { command, port, rounds } = context.options;
  const data = await context.small();
  const tollgate = spawnTollgate(command, { folder: data.folder, port });
  try {
    await firstAnswer(tollgate, "/healthz");
    const secrets = await makeKeys(tollgate, data.managementSecret);
    const secretsFile = `${data.folder}/bench-permissions.txt`;
    await Bun.write(secretsFile, `${secrets.join("\n")}\n`);
    const keys = { ...data, secretsFile };
    const all = { from: 0, count: 1 };
    const narrow = { from: 1, count: 1 };
    const long = { from: 2, count: 1 };
    const path = `/key?skill=${encodeURIComponent(skill)}&scope=execute`;
    const runs = await alternate(rounds, {
      all: () => context.load(tollgate, keys, all),
      narrow: () => context.load(tollgate, keys, narrow),
      long: () => context.load(tollgate, keys, long),
      longAsked: () => context.load(tollgate, keys, { ...long, path }),
      narrowAsked: () => context.load(tollgate, keys, { ...narrow, path }),
    });
    const speed = median(runs.narrow.map((run) => run.perSecond));
    const asked = median(runs.narrowAsked.map((run) => run.perSecond));
    return [
      ratio(
        "GET /key, 50 scopes, 20 hats, as long",
        medianRatio(runs.narrow, runs.long),
        atLeast(0.95),
      ),
      ratio("  by CPU time a request", medianCpuRatio(runs.narrow, runs.long)),
      ratio(
        "  of * with its own, shorter answer",
        medianRatio(runs.narrow, runs.all),
        atLeast(0.95),
      ),
      ratio(
        "  asking for scope and skill, as long",
        medianRatio(runs.narrowAsked, runs.longAsked),
        atLeast(0.95),
      ),
      perSecond("  50 scopes and 20 hats", speed, undefined, runNotes(runs.narrow)),
      perSecond("  asking for scope and skill", asked, undefined, runNotes(runs.narrowAsked)),
    ];
  } finally {
    await tollgate.stop();
  }
}

/** The secrets of the keys: the one with everything, the narrow one, the one with a long answer. */
async function makeKeys(server: RunningServer, managementSecret: string): Promise<string[]> {
  const post = async (path: string, body: object): Promise<{ id: string; secret: string }> => {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${managementSecret}`,
        "content-type": "application/json",
      },
      body: JSON.stringify(body),
    });
    if (response.status !== 201) throw new Error(`${path}: ${await response.text()}`);
    return (await response.json()) as { id: string; secret: string };
  };
  const slug = `bench-${crypto.randomUUID()}`;
  const workspace = await post("/workspaces", { slug, name: "Bench" });
  for (let hat = 0; hat < hatsCount; hat++) {
    const skills = Array.from({ length: skillsOfHat }, (_, at) => `integration${hat}/skill${at}`);
    await post("/hats", { slug: `hat-${hat}`, name: "Hat", skills, workspace_id: workspace.id });
  }
  const others = Array.from({ length: scopesCount - 1 }, (_, at) => `documents:folder-${at}`);
  const scopes = [...others, "execute"];
  const all = await post("/api-keys", { label: "all", scopes: ["*"], limits });
  const narrow = await post("/api-keys", {
    label: "narrow",
    scopes,
    limits,
    workspace_id: workspace.id,
  });
  const filler = { label: "long", scopes: ["*"], limits, allowed_models: scopes };
  const long = await post("/api-keys", filler);
  return [all.secret, narrow.secret, long.secret];
}
