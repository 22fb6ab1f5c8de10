import { Command } from "commander";
import { systemClock } from "../core/clock.ts";
import { migrate } from "../db/migrate.ts";
import { type CommandContext, withJson } from "./command-context.ts";
import { requireDatabase, withDatabase } from "./open-instance.ts";

/** `tollgate migrate`: for those who want the schema changed at a time of their own. */
export function migrateCommand(context: CommandContext): Command {
  return withJson(new Command("migrate"))
    .description("bring the database up to date; serve does it too")
    .action(async ({ json }) => {
      const applied = await withDatabase(requireDatabase(context.paths()), async (db) => {
        const names = await migrate(db.client, systemClock.nowMs());
        await db.close();
        return names;
      });
      const text = applied.length === 0 ? "Nothing to do." : `Applied ${applied.join(", ")}.`;
      context.output.out(json ? JSON.stringify({ applied }, null, 2) : text);
    });
}
