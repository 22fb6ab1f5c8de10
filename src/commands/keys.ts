import { Value } from "@sinclair/typebox/value";
import { Command } from "commander";
import { systemClock } from "../core/clock.ts";
import { definedFields } from "../core/defined-fields.ts";
import { environments, keyTypes, lastingKeyTypes } from "../crypto/secret-format.ts";
import { readScopes } from "../dialects/read-scopes.ts";
import { createKey } from "../keys/create-key.ts";
import { describeKey } from "../keys/describe-key.ts";
import { listKeys } from "../keys/key-list-store.ts";
import { type Key, type KeyWithSecret, keyStatuses } from "../keys/key-schemas.ts";
import { keySorts, ListKeysQuerySchema } from "../keys/list-schemas.ts";
import { revokeKey } from "../keys/revoke-key.ts";
import { rotateKey } from "../keys/rotate-key.ts";
import { showKey } from "../keys/show-key.ts";
import {
  CreateKeySchema,
  gracePeriodSecondsMax,
  RevokeKeyQuerySchema,
} from "../keys/write-schemas.ts";
import { type CommandContext, choice } from "./command-context.ts";
import { parseDurationSeconds } from "./duration.ts";
import { describeImport } from "./import-keys.ts";
import { CommandError, formatFields, formatTable, forTerminal, shortened } from "./report.ts";
import { inOrganization, withKeys } from "./with-keys.ts";

/** `tollgate keys …`: works on the data folder, with or without a server running on it. */
export function keysCommand(context: CommandContext): Command {
  const { output } = context;
  const keys = new Command("keys").description(
    "create, import, list, show, revoke and rotate keys",
  );

  inOrganization(keys.command("create"))
    .description("make a key and print its secret, once")
    .requiredOption("--label <text>", "human-readable name")
    .addOption(choice("--type <type>", "what kind of key", creatableTypes, "workspace"))
    .option("--scopes <a,b>", "what it may do, separated by commas", "*")
    .addOption(choice("--environment <name>", "live or test", environments, "live"))
    .option("--expires-in <time>", "its life, such as 90d or 12h; for ever without")
    .option("--plan <slug>", "its own plan; the organization's without")
    .option("--instance-wide", "a management key of the operator's, for all organizations", false)
    .action(async (flags) => {
      const input = {
        label: flags.label,
        type: flags.type,
        environment: flags.environment,
        scopes: splitList(flags.scopes),
        instance_wide: flags.instanceWide,
        ...(flags.plan === undefined ? {} : { plan: flags.plan }),
        ...(flags.expiresIn === undefined
          ? {}
          : { expires_in_seconds: parseDurationSeconds(flags.expiresIn, "--expires-in") }),
      };
      const fault = Value.Errors(CreateKeySchema, input).First();
      if (fault !== undefined) {
        throw unusable("create the key", fault);
      }
      const created = await withKeys(context, flags.organization, (keys, actor, dialect) => {
        const scopes = readScopes(dialect.scopeWords, input.scopes) as string[];
        return createKey(keys, { input: { ...input, scopes }, actor });
      });
      printSecret(context, created, flags.json);
    });

  describeImport(inOrganization(keys.command("import")), context);

  inOrganization(keys.command("list"))
    .description("list keys, revoked and expired ones too")
    .addOption(choice("--type <type>", "only keys of this type", keyTypes))
    .addOption(choice("--status <status>", "only keys in this state", keyStatuses))
    .addOption(choice("--environment <name>", "only live or test keys", environments))
    .option("--q <text>", "only labels that contain this")
    .addOption(choice("--sort <order>", "the order; - is descending", keySorts))
    .option("--limit <number>", "keys in a page, 1 to 100", "50")
    .option("--cursor <cursor>", "the next_cursor of the page before")
    .action(async ({ json, organization, limit, type, status, environment, q, sort, cursor }) => {
      const given = { type, status, environment, q, sort, cursor, limit: Number(limit) };
      const query = definedFields(given);
      const fault = Value.Errors(ListKeysQuerySchema, query).First();
      if (fault !== undefined) {
        throw unusable("list keys", fault);
      }
      const nowMs = systemClock.nowMs();
      const page = await withKeys(context, organization, ({ db }, { organizationId }) =>
        listKeys(db, { organizationId, query, nowMs }),
      );
      const data = page.keys.map((key) => describeKey(key, nowMs));
      if (json) output.out(JSON.stringify({ data, next_cursor: page.nextCursor }, null, 2));
      else output.out(listing(data, page.nextCursor));
    });

  inOrganization(keys.command("show"))
    .description("show one key")
    .argument("<id>", "id of the key")
    .action(async (keyId, { json, organization }) => {
      const key = await withKeys(context, organization, (keys, { organizationId }) =>
        showKey(keys, { organizationId, keyId }),
      );
      output.out(json ? JSON.stringify(key, null, 2) : describeFields(key));
    });

  inOrganization(keys.command("revoke"))
    .description("end a key, for good and at once")
    .argument("<id>", "id of the key")
    .option("--reason <text>", "kept with the key, for the record")
    .action(async (keyId, { json, organization, reason = null }) => {
      const fault = Value.Errors(RevokeKeyQuerySchema, reason === null ? {} : { reason }).First();
      if (fault !== undefined) throw unusable("revoke the key", fault);
      const key = await withKeys(context, organization, (keys, actor) =>
        revokeKey(keys, { keyId, reason, actor }),
      );
      output.out(
        json ? JSON.stringify(key, null, 2) : `Revoked ${key.id} (${forTerminal(key.label)}).`,
      );
    });

  inOrganization(keys.command("rotate"))
    .description("give a key a new secret and print it, once")
    .argument("<id>", "id of the key")
    .option("--grace <time>", "how long the old secret goes on working, up to 30d", "0s")
    .action(async (keyId, { json, organization, grace }) => {
      const gracePeriodSeconds = parseDurationSeconds(grace, "--grace");
      if (gracePeriodSeconds > gracePeriodSecondsMax) {
        throw new CommandError(`Cannot use --grace ${grace}: 30d is the longest.`, 2);
      }
      const rotated = await withKeys(context, organization, (keys, actor) =>
        rotateKey(keys, { keyId, gracePeriodSeconds, actor }),
      );
      printSecret(context, rotated, json);
    });

  return keys;
}

function printSecret({ output }: CommandContext, key: KeyWithSecret, json: boolean): void {
  if (json) {
    output.out(JSON.stringify(key, null, 2));
    return;
  }
  output.out(
    formatFields([
      ["id", key.id],
      ["label", key.label],
      ["type", key.type],
      ["scopes", key.scopes.join(", ")],
      ["expires_at", key.expires_at ?? "never"],
      ["secret", key.secret],
    ]),
  );
  output.err("Copy the secret now: it is shown this once.");
}

function listing(keys: Key[], nextCursor: string | null): string {
  if (keys.length === 0) return "No keys.";
  const rows = keys.map((key) => [key.id, key.status, key.type, shortened(forTerminal(key.label))]);
  const table = formatTable(["ID", "STATUS", "TYPE", "LABEL"], rows);
  return nextCursor === null ? table : `${table}\n\nMore: --cursor ${nextCursor}`;
}

function describeFields(key: Key): string {
  const flat = Object.entries(key).flatMap(([name, value]): [string, unknown][] =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.entries(value).map(([inner, its]) => [`${name}.${inner}`, its])
      : [[name, value]],
  );
  return formatFields(flat.map(([name, value]) => [name, forTerminal(textOf(value))]));
}

/** A user key is made by its user, logged in. */
const creatableTypes = lastingKeyTypes.filter((type) => type !== "user");

function textOf(value: unknown): string {
  if (Array.isArray(value)) return value.join(", ");
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value ?? "-");
}

function unusable(what: string, fault: { path: string; message: string }): CommandError {
  return new CommandError(`Cannot ${what}: ${fault.path.slice(1)}: ${fault.message}.`, 2);
}

function splitList(text: string): string[] {
  return text
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean);
}
