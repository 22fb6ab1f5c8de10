import { existsSync, rmSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { Command } from "commander";
import { type CommandContext, withJson } from "./command-context.ts";
import { requireDatabase, withDatabase } from "./open-instance.ts";
import { CommandError } from "./report.ts";

/** `VACUUM INTO` copies one consistent moment of the database while others read and write. */
export function backupCommand(context: CommandContext): Command {
  return withJson(new Command("backup"))
    .description("write a consistent copy of the database, also while serving")
    .argument("<file>", "the file to make; it must not exist")
    .addHelpText(
      "after",
      "\nKeep a copy of root.key apart from the backups: without it they are of no use,\nand with it beside them they are not safe.",
    )
    .action(async (file, { json }) => {
      const path = resolve(file);
      if (existsSync(path)) throw new CommandError(`Cannot write ${path}: it exists.`);
      await withDatabase(requireDatabase(context.paths()), async (db) => {
        await db.client.execute({ sql: "VACUUM INTO ?", args: [path] }).catch((cause: Error) => {
          rmSync(path, { force: true });
          throw new CommandError(`Cannot write ${path}: ${cause.message}.`);
        });
        await db.close();
      });
      const { size } = statSync(path);
      context.output.out(
        json
          ? JSON.stringify({ file: path, bytes: size }, null, 2)
          : `Wrote ${path} (${size} bytes).`,
      );
    });
}
