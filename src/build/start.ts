import { install } from "./install.ts";
import { run } from "./run.ts";
import { binaryPath, isBinaryFresh } from "./stamp.ts";

/** `bun run start [flags of serve]`: install, build when something changed, serve. */
install();
if (!isBinaryFresh()) run(["bun", "src/build/compile.ts"]);

const server = Bun.spawn([binaryPath, "serve", ...process.argv.slice(2)], {
  stdio: ["inherit", "inherit", "inherit"],
});
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => server.kill(signal));
}
process.exit(await server.exited);
