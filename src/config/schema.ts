import { type Static, Type } from "@sinclair/typebox";
import { logLevels } from "../core/log.ts";
import { defaultDialectName, dialectNames } from "../dialects/index.ts";

export const accessLogModes = ["off", "errors", "all"] as const;

const oneOf = <T extends string>(values: readonly T[], options: object) =>
  Type.Unsafe<T>(Type.String({ ...options, enum: [...values] }));

/**
 * Everything an operator can set: a flag of `serve`, a `TOLLGATE_*` variable, a default. The
 * variable of `rootKeyFile` is `TOLLGATE_ROOT_KEY_FILE`, its flag `--root-key-file`.
 */
export const ConfigSchema = Type.Object(
  {
    host: Type.String({ default: "127.0.0.1", description: "Address to listen on." }),
    port: Type.Integer({
      default: 8080,
      minimum: 0,
      maximum: 65_535,
      description: "Port to listen on; 0 takes a free one.",
    }),
    data: Type.String({ default: "./data", minLength: 1, description: "Folder of the database." }),
    rootKeyFile: Type.String({
      default: "",
      description: "The root key; root.key in the data folder when empty.",
    }),
    dialect: oneOf(dialectNames, {
      default: defaultDialectName,
      description:
        "Whose clients are served: prefixes, plans, errors and headers as they know them.",
    }),
    publicUrl: Type.String({
      default: "",
      pattern: "^(https?://[^\\s/?#]+/?)?$",
      description:
        "Origin at which people reach the server, for links; as the caller did when empty.",
    }),
    trustedProxies: Type.String({
      default: "",
      description:
        "Addresses and CIDR networks whose X-Forwarded-For is believed, separated by commas.",
    }),
    logLevel: oneOf(logLevels, { default: "info", description: "What is logged." }),
    accessLog: oneOf(accessLogModes, {
      default: "off",
      description: "Requests in the log: off, errors (5xx) or all.",
    }),
    anonymousPerMinute: Type.Integer({
      default: 600,
      minimum: 1,
      maximum: 1_000_000,
      description: "Requests a minute without a good key, for each client address.",
    }),
    liveKeysMax: Type.Integer({
      default: 8_000,
      minimum: 1_000,
      maximum: 1_000_000,
      description: "Keys held in memory.",
    }),
    billingUrl: Type.String({
      default: "",
      pattern: "^(https?://\\S+)?$",
      description: "Where a person can buy credits: the action_url of a 402.",
    }),
    linkWebhookUrl: Type.String({
      default: "",
      pattern: "^(https?://\\S+)?$",
      description: "Where invitations and password resets are sent, for a mailer of yours.",
    }),
    linkWebhookSecret: Type.String({
      default: "",
      pattern: "^(whsec_[A-Za-z0-9+/]{32,}={0,2})?$",
      description: "What these messages are signed with, as Standard Webhooks says: whsec_…",
    }),
    webhookAllowedNetworks: Type.String({
      default: "",
      description:
        "Addresses and CIDR networks inside that webhooks may reach, separated by commas.",
    }),
    eventRetentionDays: Type.Integer({
      default: 30,
      minimum: 8,
      maximum: 3_650,
      description: "Events and their deliveries are kept for so long.",
    }),
    sessionIdleMinutes: Type.Integer({
      default: 720,
      minimum: 1,
      maximum: 43_200,
      description: "A session ends when it was not used for so long.",
    }),
    sessionHours: Type.Integer({
      default: 168,
      minimum: 1,
      maximum: 8_760,
      description: "A session ends after so long in any case.",
    }),
    usageByMinuteDays: Type.Integer({
      default: 2,
      minimum: 1,
      maximum: 366,
      description: "Days for which usage is kept by the minute.",
    }),
    usageByHourDays: Type.Integer({
      default: 90,
      minimum: 1,
      maximum: 3_660,
      description: "Days for which usage is kept by the hour.",
    }),
    usageByDayDays: Type.Integer({
      default: 730,
      minimum: 1,
      maximum: 36_600,
      description: "Days for which usage is kept by the day.",
    }),
    shutdownSeconds: Type.Integer({
      default: 10,
      minimum: 1,
      maximum: 300,
      description: "How long a stop waits for requests under way.",
    }),
  },
  { additionalProperties: false },
);
export type Config = Static<typeof ConfigSchema>;
export type ConfigName = keyof Config;

export const configNames = Object.keys(ConfigSchema.properties) as ConfigName[];

/** `rootKeyFile` to `TOLLGATE_ROOT_KEY_FILE`. */
export function variableOf(name: ConfigName): string {
  return `TOLLGATE_${name.replace(/[A-Z]/g, "_$&").toUpperCase()}`;
}

/** `rootKeyFile` to `--root-key-file`. */
export function flagOf(name: ConfigName): string {
  return `--${name.replace(/[A-Z]/g, "-$&").toLowerCase()}`;
}
