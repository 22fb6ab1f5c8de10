import { afterAll, beforeAll, expect, test } from "bun:test";
import { copyFileSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import typescript from "typescript-5";
import { documentPath } from "../support/openapi-document.ts";
import { startServer } from "../support/openapi-server.ts";

/** A client author's project: the generated types, the program, and what it installs. */
const project = mkdtempSync(join(tmpdir(), "tollgate-client-"));
let server: Awaited<ReturnType<typeof startServer>>;

beforeAll(async () => {
  server = await startServer();
  symlinkSync(resolve("node_modules"), join(project, "node_modules"));
  copyFileSync(resolve("tests/support/typed-client.txt"), join(project, "program.ts"));
  await Bun.write(join(project, "types.ts"), await generateTypes());
  await Bun.write(
    join(project, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: {
        target: "ESNext",
        module: "Preserve",
        types: ["bun"],
        strict: true,
        noUncheckedIndexedAccess: true,
        exactOptionalPropertyTypes: true,
        allowImportingTsExtensions: true,
        noEmit: true,
        skipLibCheck: true,
      },
      include: ["*.ts"],
    }),
  );
});

afterAll(async () => {
  await server.stop();
  rmSync(project, { recursive: true, force: true });
});

test("a typed client is generated from the document, type-checks and drives the server", () => {
  const tsc = Bun.spawnSync([process.execPath, "--bun", "node_modules/.bin/tsc", "-p", "."], {
    cwd: project,
  });
  expect(tsc.stdout.toString()).toBe("");
  expect(tsc.exitCode).toBe(0);

  const { url, managementKey } = server;
  const run = Bun.spawnSync([process.execPath, "program.ts", url, managementKey], { cwd: project });
  expect(run.stderr.toString()).toBe("");
  expect(run.stdout.toString()).toBe("done\n");
  expect(run.exitCode).toBe(0);
});

/**
 * The generator prints with the compiler's own API, which TypeScript 7 does not have; so it gets
 * version 5, under the name it asks for.
 */
async function generateTypes(): Promise<string> {
  Bun.plugin({
    name: "typescript-for-the-generator",
    setup: (build) => {
      build.module("typescript", () => ({ exports: { default: typescript }, loader: "object" }));
    },
  });
  const { default: generate, astToString } = await import("openapi-typescript");
  return astToString(await generate(Bun.pathToFileURL(documentPath)));
}
