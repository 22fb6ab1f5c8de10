/** Runs a program in the project's folder with this Bun first in its PATH; ends the build when it fails. */
export function run(command: readonly string[]): void {
  const [program = "", ...args] = command;
  const result = Bun.spawnSync([program === "bun" ? process.execPath : program, ...args], {
    stdio: ["ignore", "inherit", "inherit"],
  });
  if (result.exitCode === 0) return;
  console.error(`Failed with exit code ${result.exitCode}: ${command.join(" ")}`);
  process.exit(1);
}
