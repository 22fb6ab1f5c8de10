import { install } from "./install.ts";
import { run } from "./run.ts";

/** `bun run ok`: the whole check, in the order in which it fails soonest. */
const steps: readonly (readonly [string, readonly string[]])[] = [
  [
    "format and lint",
    ["bun", "--bun", "node_modules/.bin/biome", "check", "--error-on-warnings", "."],
  ],
  ["types", ["bun", "--bun", "node_modules/.bin/tsc", "-p", "."]],
  ["tidy", ["bun", "test", "--timeout", "60000", "tests/tidy.test.ts"]],
  ["compile", ["bun", "src/build/compile.ts"]],
  ["binary", ["bun", "test", "--timeout", "60000", "tests/binary"]],
  ["tests and document", ["bun", "test", "--timeout", "60000", "tests/unit", "tests/http"]],
];

install();
for (const [name, command] of steps) {
  console.log(`\n== ${name}`);
  run(command);
}
console.log("\nok");
