import { type Command, Option } from "commander";
import type { DataPaths } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import type { Output } from "./report.ts";

/** What a command gets: its settings, once the flags are read, and where to write. */
export interface CommandContext {
  output: Output;
  config(): Config;
  paths(): DataPaths;
}

/** `--json`, for a command that prints data. */
export function withJson(command: Command): Command {
  return command.option("--json", "print JSON", false);
}

/** An option that takes one of the given words. */
export function choice(
  flags: string,
  description: string,
  values: readonly string[],
  preset?: string,
): Option {
  const option = new Option(flags, description).choices([...values]);
  return preset === undefined ? option : option.default(preset);
}
