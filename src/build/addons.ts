import { existsSync } from "node:fs";
import { run } from "./run.ts";
import type { Platform } from "./targets.ts";

/**
 * Makes sure that the prebuilt addons of a platform are there. The lock file names them for every
 * platform; an install fetches those of its own, so another one's are asked for by name.
 */
export function requireAddons(platform: Platform): void {
  const isThere = () =>
    [platform.libsql, platform.argon2].every((name) => existsSync(`node_modules/${name}`));
  if (isThere()) return;
  run(["bun", "install", "--frozen-lockfile", `--os=${platform.os}`, `--cpu=${platform.cpu}`]);
  if (!isThere())
    throw new Error(`The addons ${platform.libsql} and ${platform.argon2} are missing.`);
}
