/**
 * The addons inside the binary are unpacked into the temporary folder when they are first loaded, so
 * nothing of ours is imported before there is somebody to say why that failed.
 */
async function main(): Promise<number> {
  try {
    const { runCommandLine } = await import("./commands/run.ts");
    return await runCommandLine(process.argv.slice(2));
  } catch (error) {
    if ((error as { code?: unknown }).code !== "ERR_DLOPEN_FAILED") throw error;
    process.stderr.write(
      "tollgate: Cannot unpack the database engine into the temporary folder. Set TMPDIR to a folder that exists, is writable and is not mounted noexec.\n",
    );
    return 1;
  }
}

const exitCode = await main();
if (exitCode !== 0) process.exit(exitCode);

export {};
