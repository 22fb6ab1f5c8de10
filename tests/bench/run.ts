import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { BenchContext, type BenchOptions } from "./bench-context.ts";
import { describeMachine } from "./machine.ts";
import { measureCharge } from "./part-charge.ts";
import { measureCold } from "./part-cold.ts";
import { measureDialects } from "./part-dialects.ts";
import { measureHot } from "./part-hot.ts";
import { measureManyKeys } from "./part-many-keys.ts";
import { measurePermissions } from "./part-permissions.ts";
import { measureStart } from "./part-start.ts";
import { measureVerify } from "./part-verify.ts";
import { stopAll } from "./processes.ts";
import { type Row, renderTable } from "./report.ts";

/**
 * `bun run bench`: starts the built server on one core and a load generator on another, and prints
 * what they reach beside bare servers measured in the same run. No figure here fails a test.
 */

const usage = `bun run bench [--only PART[,PART]] [--rounds N] [--seconds S] [--keys N]
              [--connections N] [--port N] [--command "dist/tollgate"] [--json]
parts: hot, dialects, permissions, cold, many-keys, start, verify, charge`;

const parts = {
  start: measureStart,
  hot: measureHot,
  dialects: measureDialects,
  permissions: measurePermissions,
  verify: measureVerify,
  charge: measureCharge,
  "many-keys": measureManyKeys,
  cold: measureCold,
};
type Part = keyof typeof parts;

const binary = "dist/tollgate";
const bounds = { rounds: 100, seconds: 60, keys: 10_000_000, connections: 1_000, port: 65_000 };

const { values: flags } = parseArgs({
  options: {
    only: { type: "string", default: Object.keys(parts).join(",") },
    rounds: { type: "string", default: "15" },
    seconds: { type: "string", default: "1" },
    keys: { type: "string", default: "1000000" },
    connections: { type: "string", default: "64" },
    port: { type: "string", default: "8300" },
    command: { type: "string", default: binary },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (flags.help) {
  console.log(usage);
  process.exit(0);
}
const options: BenchOptions = {
  command: flags.command.split(" "),
  rounds: readNumber("rounds"),
  seconds: readNumber("seconds"),
  keys: readNumber("keys"),
  connections: readNumber("connections"),
  port: readNumber("port"),
  folder: join(tmpdir(), `tollgate-bench-${process.pid}`),
  progress: (text) => console.error(`… ${text}`),
};
if (flags.command === binary && !existsSync(binary)) {
  fail(`${binary} is missing. Run 'bun run build' first, or name a command with --command.`);
}

const chosen = flags.only
  .split(",")
  .map((name) => (Object.hasOwn(parts, name) ? (name as Part) : fail(`There is no part ${name}.`)));
const context = new BenchContext(options);
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, async () => {
    await stopAll();
    context.removeFolders();
    process.exit(130);
  });
}
try {
  const machine = describeMachine();
  const rows: Row[] = [];
  for (const name of chosen) {
    options.progress(name);
    rows.push(...(await parts[name](context)));
  }
  console.log(flags.json ? JSON.stringify({ machine, rows }, null, 2) : renderTable(machine, rows));
} finally {
  await stopAll();
  context.removeFolders();
}

function readNumber(name: keyof typeof bounds): number {
  const value = Number(flags[name]);
  if (value > 0 && value <= bounds[name]) return value;
  return fail(`--${name} must be above 0 and at most ${bounds[name]}.`);
}

function fail(message: string): never {
  console.error(`${message}\n\n${usage}`);
  process.exit(2);
}
