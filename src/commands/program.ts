import { Command, Option } from "commander";
import { dataPaths, type Flags, loadConfig } from "../config/load.ts";
import {
  type ConfigName,
  ConfigSchema,
  configNames,
  flagOf,
  variableOf,
} from "../config/schema.ts";
import { version } from "../core/version.ts";
import { backupCommand } from "./backup.ts";
import type { CommandContext } from "./command-context.ts";
import { doctorCommand } from "./doctor.ts";
import { keysCommand } from "./keys.ts";
import { migrateCommand } from "./migrate.ts";
import { openapiCommand } from "./openapi.ts";
import type { Output } from "./report.ts";
import { serveCommand } from "./serve.ts";
import { setupCommand } from "./setup.ts";
import { versionCommand } from "./version.ts";

const helpWidth = 80;

/** The settings that commands other than `serve` take too. */
const sharedSettings: readonly ConfigName[] = ["data", "rootKeyFile"];

/** The command line: one subcommand a file; unknown flags and commands are refused. */
export function createProgram(output: Output): Command {
  const program = new Command("tollgate")
    .description("Issues API keys, verifies them and limits them.")
    .version(version, "--version", "print the version")
    .configureOutput({
      writeOut: (text) => output.out(text.trimEnd()),
      writeErr: (text) => output.err(text.trimEnd()),
      getOutHelpWidth: () => helpWidth,
      getErrHelpWidth: () => helpWidth,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .exitOverride();
  const add = (make: (context: CommandContext) => Command, settings = sharedSettings) => {
    let running: Command | undefined;
    const config = () => loadConfig(settingFlags(running));
    const context = { output, config, paths: () => dataPaths(config()) };
    const command = make(context);
    for (const leaf of command.commands.length > 0 ? command.commands : [command]) {
      leaf.copyInheritedSettings(program).hook("preAction", (_, action) => {
        running = action;
      });
      for (const name of settings) leaf.addOption(settingOption(name));
    }
    program.addCommand(command.copyInheritedSettings(program));
  };
  add(serveCommand, configNames);
  add(setupCommand);
  add(keysCommand);
  add(openapiCommand, ["dialect"]);
  add(migrateCommand);
  add(backupCommand);
  add(doctorCommand);
  add(versionCommand, []);
  return program;
}

function settingOption(name: ConfigName): Option {
  const { description, default: preset } = ConfigSchema.properties[name];
  const shown = preset === "" ? "" : ` (default: ${preset})`;
  return new Option(`${flagOf(name)} <value>`, `${description}${shown} [${variableOf(name)}]`);
}

function settingFlags(command: Command | undefined): Flags {
  const given = command?.opts() ?? {};
  return Object.fromEntries(configNames.map((name) => [name, given[name]]));
}
