import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { run } from "./run.ts";

const markPath = "node_modules/.tollgate-lock";

/**
 * Installs exactly what the lock file says, once for each state of it. It imports nothing but Bun
 * and Node, because it runs before anything is installed.
 */
export function install(): void {
  const lock = createHash("sha256").update(readFileSync("bun.lock")).digest("hex");
  if (existsSync(markPath) && readFileSync(markPath, "utf8") === lock) return;
  run(["bun", "install", "--frozen-lockfile"]);
  writeFileSync(markPath, lock);
}

if (import.meta.main) install();
