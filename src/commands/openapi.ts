import { writeFileSync } from "node:fs";
import { Command } from "commander";
import { describedRoutes } from "../app.ts";
import { dialectOf } from "../dialects/index.ts";
import { generateDocument } from "../http/openapi/generate.ts";
import type { CommandContext } from "./command-context.ts";

/** `tollgate openapi`: the document without a server. */
export function openapiCommand({ output, config }: CommandContext): Command {
  return new Command("openapi")
    .description("print the OpenAPI document, which is JSON")
    .option("--out <file>", "write it there instead")
    .action(async ({ out }) => {
      const text = await generateDocument(describedRoutes(), dialectOf(config().dialect));
      if (out === undefined) {
        output.out(text.trimEnd());
        return;
      }
      writeFileSync(out, text);
      output.err(`Wrote ${out}.`);
    });
}
