import { CommanderError } from "commander";
import { ConfigError } from "../config/load.ts";
import { DomainError } from "../core/errors.ts";
import { describeError, redactSecrets } from "../core/log.ts";
import { RootKeyError } from "../crypto/root-key.ts";
import { DatabaseFileError, databaseFailure } from "../db/database-error.ts";
import { createProgram } from "./program.ts";
import { CommandError, processOutput } from "./report.ts";

/** Runs one command. Exit codes: 0 done, 1 failed, 2 the command line or a setting cannot be used. */
export async function runCommandLine(argv: string[]): Promise<number> {
  try {
    await createProgram(processOutput).parseAsync(argv, { from: "user" });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    processOutput.err(`tollgate: ${explain(error)}`);
    return exitCodeOf(error);
  }
}

function exitCodeOf(error: unknown): number {
  if (error instanceof ConfigError) return 2;
  return error instanceof CommandError ? error.exitCode : 1;
}

/** One sentence for what the operator can mend, the whole story for what nobody expected. */
function explain(error: unknown): string {
  const isPlain = [CommandError, ConfigError, DatabaseFileError, RootKeyError, DomainError];
  if (isPlain.some((type) => error instanceof type)) return (error as Error).message;
  return (
    systemReason(error) ?? databaseFailure(error)?.message ?? redactSecrets(describeError(error))
  );
}

function systemReason(error: unknown): string | undefined {
  const { code, path } = error as { code?: unknown; path?: unknown };
  switch (code) {
    case "EADDRINUSE":
      return "The port is taken. Choose another with --port, or stop the program that has it.";
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return `No permission for ${path ?? "the address or the folder"}.`;
    case "ENOENT":
      return `${path} does not exist and cannot be made.`;
    case "ENOSPC":
      return "No storage space is left.";
    case "EINVAL":
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "The address to listen on is none of this machine. Choose another with --host.";
    case "ENOTDIR":
    case "EEXIST":
      return `${path} is not a folder.`;
    default:
      return undefined;
  }
}
