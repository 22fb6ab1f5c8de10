import { mkdirSync, statSync } from "node:fs";
import { parseArgs } from "node:util";
import { requireAddons } from "./addons.ts";
import { libsqlPlugin } from "./libsql-plugin.ts";
import { binaryPath, writeStamp } from "./stamp.ts";
import { hostTarget, isTarget, platforms, type Target, targets } from "./targets.ts";

/** `bun run build [--target=…] [--outfile=…]`: the binary, with everything inside. */
async function compile(target: Target, outfile: string): Promise<void> {
  const platform = platforms[target];
  requireAddons(platform);
  const result = await Bun.build({
    entrypoints: ["src/main.ts", "src/db/thread.ts"],
    root: "src",
    compile: { target, outfile },
    minify: { whitespace: true, syntax: true },
    define: { TOLLGATE_THREAD_MODULE: JSON.stringify("./db/thread.js") },
    sourcemap: "none",
    plugins: [libsqlPlugin(platform.libsql)],
  });
  for (const message of result.logs) console.error(String(message));
  if (!result.success) process.exit(1);
}

const { values } = parseArgs({
  options: { target: { type: "string" }, outfile: { type: "string" } },
});
const target = values.target ?? hostTarget();
if (!isTarget(target)) {
  console.error(`Cannot build for ${target}. Use one of ${targets.join(", ")}.`);
  process.exit(2);
}
const isHost = target === hostTarget();
const outfile = values.outfile ?? (isHost ? binaryPath : `${binaryPath}-${target.slice(4)}`);
mkdirSync("dist", { recursive: true });
const startedMs = performance.now();
await compile(target, outfile);
if (isHost && outfile === binaryPath) writeStamp();
const size = Math.round(statSync(outfile).size / 1_048_576);
console.log(
  `Built ${outfile} for ${target}: ${size} MiB, ${Math.round(performance.now() - startedMs)} ms.`,
);
