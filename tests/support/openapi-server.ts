import { resolve } from "node:path";
import { emptyFolder, removeFolder, startBinary } from "./binary.ts";

/** The server from its sources, on a data folder of its own. */
export async function startServer() {
  const cwd = emptyFolder();
  const command = [process.execPath, resolve("src/main.ts")];
  const env = {
    PATH: process.env["PATH"] ?? "",
    // A test of every operation is refused more often in a minute than one address may be.
    TOLLGATE_ANONYMOUS_PER_MINUTE: "100000",
  };
  const server = await startBinary({ cwd, command, env });
  const { url, managementKey } = server;
  if (managementKey === undefined) throw new Error("The first start printed no management key.");
  return {
    url,
    managementKey,
    async stop(): Promise<void> {
      await server.end();
      removeFolder(cwd);
    },
  };
}
