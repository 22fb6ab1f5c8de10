import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import typescript from "typescript-5";

const compilerOptions = {
  target: "ESNext",
  module: "Preserve",
  types: ["bun"],
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  allowImportingTsExtensions: true,
  noEmit: true,
  skipLibCheck: true,
};

/** A client author's project: the types of a document, a program, and what it installs. */
export async function clientProject(options: { document: string; program: string }) {
  const folder = mkdtempSync(join(tmpdir(), "tollgate-client-"));
  symlinkSync(resolve("node_modules"), join(folder, "node_modules"));
  await Bun.write(join(folder, "program.ts"), options.program);
  await Bun.write(join(folder, "types.ts"), await generateTypes(options.document));
  await Bun.write(
    join(folder, "tsconfig.json"),
    JSON.stringify({ compilerOptions, include: ["*.ts"] }),
  );
  return {
    /** What the compiler says of the program; nothing when it fits the types. */
    async typeFaults(): Promise<string> {
      const command = [process.execPath, "--bun", "node_modules/.bin/tsc", "-p", "."];
      return ended(Bun.spawn(command, { cwd: folder, stdout: "pipe", stderr: "pipe" }));
    },
    /** Runs the program; what it prints, or why it failed. */
    async run(...args: string[]): Promise<string> {
      const command = [process.execPath, "program.ts", ...args];
      return ended(Bun.spawn(command, { cwd: folder, stdout: "pipe", stderr: "pipe" }));
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function ended(run: Bun.Subprocess<"ignore", "pipe", "pipe">): Promise<string> {
  const [out, error] = await Promise.all([
    new Response(run.stdout).text(),
    new Response(run.stderr).text(),
  ]);
  await run.exited;
  return out + error;
}

/**
 * The generator prints with the compiler's own API, which TypeScript 7 does not have; so it gets
 * version 5, under the name it asks for.
 */
async function generateTypes(document: string): Promise<string> {
  Bun.plugin({
    name: "typescript-for-the-generator",
    setup: (build) => {
      build.module("typescript", () => ({ exports: { default: typescript }, loader: "object" }));
    },
  });
  const { default: generate, astToString } = await import("openapi-typescript");
  return astToString(await generate(Bun.pathToFileURL(resolve(document))));
}

/** Generates a client from the dialect's document, and runs its program; what that has seen. */
export async function runGeneratedClient(
  dialect: string,
  { url, managementKey }: { url: string; managementKey: string },
): Promise<Record<string, unknown>> {
  const program = await Bun.file(`tests/support/dialect-clients/${dialect}.txt`).text();
  const document = `openapi/openapi.${dialect}.json`;
  const project = await clientProject({ document, program });
  try {
    const faults = await project.typeFaults();
    if (faults !== "") throw new Error(faults);
    const printed = await project.run(url, managementKey);
    return JSON.parse(printed);
  } finally {
    project.remove();
  }
}
