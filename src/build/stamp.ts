import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const binaryPath = "dist/tollgate";
const stampPath = "dist/tollgate.stamp";

/** Whether the binary is the one that these sources make. Content decides, not times. */
export function isBinaryFresh(): boolean {
  if (!existsSync(binaryPath) || !existsSync(stampPath)) return false;
  return readFileSync(stampPath, "utf8") === fingerprint();
}

/** Notes which sources the binary was made from. */
export function writeStamp(): void {
  writeFileSync(stampPath, fingerprint());
}

/** A hash over everything that goes into the binary: sources, the lock file, the version of Bun. */
function fingerprint(): string {
  const hash = createHash("sha256").update(Bun.version);
  const sources = readdirSync("src", { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const path of ["package.json", "bun.lock", "tsconfig.json", ...sources]) {
    hash.update(`\n${path}\n`).update(readFileSync(path));
  }
  return hash.digest("hex");
}
