import { parseArgs } from "node:util";
import { requireBinary } from "../support/binary.ts";
import { runBank } from "./run-bank.ts";

/** `bun tests/bank/run.ts`: the long form of the bank test. Exit code 1 when anything is wrong. */
const { values } = parseArgs({
  options: {
    seed: {
      type: "string",
      default: String(Math.floor(crypto.getRandomValues(new Uint32Array(1))[0] ?? 1)),
    },
    seconds: { type: "string", default: "60" },
    kills: { type: "string", default: "20" },
    clients: { type: "string", default: "64" },
  },
});
requireBinary();
const seed = Number(values.seed);
console.error(`seed ${seed}`);
const { faults, ...figures } = await runBank({
  seed,
  seconds: Number(values.seconds),
  kills: Number(values.kills),
  clients: Number(values.clients),
  organizations: 20,
  keys: 200,
});
console.log(JSON.stringify({ seed, ...figures, faults: faults.length }));
for (const fault of faults.slice(0, 20)) console.error(fault);
process.exit(faults.length === 0 ? 0 : 1);
