import { join, resolve } from "node:path";
import { Value } from "@sinclair/typebox/value";
import { type AddressRange, parseAddressRange } from "../permissions/address-range.ts";
import {
  type Config,
  type ConfigName,
  ConfigSchema,
  configNames,
  flagOf,
  variableOf,
} from "./schema.ts";

/** A setting that cannot be used; the message is a sentence for the operator. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

export type Flags = Partial<Record<ConfigName, string>>;

/** Flags before `TOLLGATE_*` before defaults. Throws `ConfigError`, also for an unknown variable. */
export function loadConfig(flags: Flags, environment: NodeJS.ProcessEnv = process.env): Config {
  refuseUnknown(environment);
  const settings = configNames.map((name) => {
    const variable = environment[variableOf(name)];
    const text = flags[name] ?? (variable === "" ? undefined : variable);
    const source = flags[name] === undefined ? variableOf(name) : flagOf(name);
    return [name, text === undefined ? defaultOf(name) : readValue(name, text, source)];
  });
  const config = Object.fromEntries(settings) as Config;
  parseTrustedProxies(config);
  parseWebhookNetworks(config);
  if (config.linkWebhookUrl !== "" && config.linkWebhookSecret === "") {
    throw new ConfigError(
      `${variableOf("linkWebhookUrl")} needs ${variableOf("linkWebhookSecret")}, whsec_ and 32 or more base64 characters.`,
    );
  }
  if (config.linkWebhookUrl !== "" && config.publicUrl === "") {
    throw new ConfigError(
      `${variableOf("linkWebhookUrl")} needs ${variableOf("publicUrl")}: a link in a mail must not follow whatever Host a caller sends.`,
    );
  }
  return config;
}

export interface DataPaths {
  folder: string;
  database: string;
  rootKey: string;
  /** Held by the one server of the folder. */
  lock: string;
}

/** Where the files of an installation lie; absolute. */
export function dataPaths(config: Pick<Config, "data" | "rootKeyFile">): DataPaths {
  const folder = resolve(config.data);
  return {
    folder,
    database: join(folder, "tollgate.db"),
    rootKey: config.rootKeyFile === "" ? join(folder, "root.key") : resolve(config.rootKeyFile),
    lock: join(folder, "server.lock"),
  };
}

/** The networks of `trustedProxies`. Throws `ConfigError` for what is none. */
export function parseTrustedProxies(config: Pick<Config, "trustedProxies">): AddressRange[] {
  return parseNetworks("trustedProxies", config.trustedProxies);
}

/** The networks of `webhookAllowedNetworks`. Throws `ConfigError` for what is none. */
export function parseWebhookNetworks(
  config: Pick<Config, "webhookAllowedNetworks">,
): AddressRange[] {
  return parseNetworks("webhookAllowedNetworks", config.webhookAllowedNetworks);
}

function parseNetworks(name: ConfigName, value: string): AddressRange[] {
  const texts = value.split(",").map((text) => text.trim());
  return texts.filter(Boolean).map((text) => {
    const range = parseAddressRange(text);
    if (range !== undefined) return range;
    throw new ConfigError(
      `Cannot use ${variableOf(name)} or ${flagOf(name)}: ${text} is no address or CIDR network.`,
    );
  });
}

/** A misspelt variable would otherwise be a setting that silently does nothing. */
function refuseUnknown(environment: NodeJS.ProcessEnv): void {
  const known = new Set(configNames.map(variableOf));
  const unknown = Object.keys(environment).filter(
    (name) => name.startsWith("TOLLGATE_") && !known.has(name),
  );
  if (unknown.length > 0)
    throw new ConfigError(`Unknown setting in the environment: ${unknown[0]}.`);
}

function defaultOf(name: ConfigName): unknown {
  return ConfigSchema.properties[name].default;
}

function readValue(name: ConfigName, text: string, source: string): unknown {
  const schema = ConfigSchema.properties[name];
  const value = schema.type === "integer" && /^\d+$/.test(text) ? Number(text) : text;
  const fault = Value.Errors(schema, value).First();
  if (fault === undefined && isListed(schema, value)) return value;
  const choices = "enum" in schema ? ` Use one of ${(schema["enum"] as string[]).join(", ")}.` : "";
  const shown = name === "linkWebhookSecret" ? "…" : text;
  throw new ConfigError(
    `Cannot use ${source}=${shown}: ${fault?.message ?? "not a known value"}.${choices}`,
  );
}

function isListed(schema: object, value: unknown): boolean {
  return !("enum" in schema) || (schema.enum as unknown[]).includes(value);
}
