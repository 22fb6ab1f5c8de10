import { install } from "./install.ts";
import { run } from "./run.ts";

/**
 * `bun run ok`: the whole check, in the order in which it fails soonest. With `--rest` it leaves out
 * the tests, for a run that has `bun run test` behind it.
 */
const steps: readonly (readonly [string, readonly string[]])[] = [
  [
    "format and lint",
    ["bun", "--bun", "node_modules/.bin/biome", "check", "--error-on-warnings", "."],
  ],
  ["types", ["bun", "--bun", "node_modules/.bin/tsc", "-p", "."]],
  ["tidy", ["bun", "test", "--timeout", "60000", "tests/tidy.test.ts"]],
  ["compile", ["bun", "src/build/compile.ts"]],
  ["binary", ["bun", "test", "--timeout", "60000", "tests/binary"]],
  ["tests", ["bun", "test", "--timeout", "60000", "tests/unit", "tests/http"]],
  ["document", ["bun", "src/build/document-diff.ts"]],
];

const isRest = process.argv.includes("--rest");
install();
for (const [name, command] of steps) {
  if (isRest && command.includes("test")) continue;
  console.log(`\n== ${name}`);
  run(command);
}
console.log("\nok");
