import { resolve } from "node:path";
import { emptyFolder, removeFolder, startBinary } from "./binary.ts";

/** The server from its sources, on a data folder of its own. */
export async function startServer() {
  const cwd = emptyFolder();
  const command = [process.execPath, resolve("src/main.ts")];
  const server = await startBinary({ cwd, command, env: { PATH: process.env["PATH"] ?? "" } });
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
