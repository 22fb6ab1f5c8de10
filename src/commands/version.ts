import { Command } from "commander";
import { version } from "../core/version.ts";
import { type CommandContext, withJson } from "./command-context.ts";

/** `tollgate version`: what a bug report asks for first. */
export function versionCommand({ output }: CommandContext): Command {
  return withJson(new Command("version"))
    .description("print the version")
    .action(({ json }) => {
      const facts = { version, bun: Bun.version, platform: `${process.platform}-${process.arch}` };
      output.out(
        json
          ? JSON.stringify(facts, null, 2)
          : `tollgate ${version} (Bun ${facts.bun}, ${facts.platform})`,
      );
    });
}
