import type { Command } from "commander";
import { AuditLog } from "../audit/audit-log.ts";
import { systemClock } from "../core/clock.ts";
import type { Database } from "../db/client.ts";
import type { Dialect } from "../dialects/dialect.ts";
import { createKeysContext, type KeysContext } from "../keys/keys-context.ts";
import type { Actor } from "../organizations/actor.ts";
import { findOrganization, firstWorkspaceId } from "../organizations/tenant-store.ts";
import { type CommandContext, withJson } from "./command-context.ts";
import { openInstance } from "./open-instance.ts";
import { CommandError } from "./report.ts";

/** `--organization` and `--json`. */
export function inOrganization(command: Command): Command {
  return withJson(command).option("--organization <name>", "id or slug; the first one without");
}

/** Runs `use` on the open data folder, as the command line, in an organization of a name or the first one. */
export async function withKeys<T>(
  context: CommandContext,
  organization: string | undefined,
  use: (keys: KeysContext, actor: Actor, dialect: Dialect) => Promise<T>,
): Promise<T> {
  const { db, subkeys, dialect, actor: first } = await openInstance(context.paths());
  try {
    const actor = await actingIn(db, first, organization);
    const { secretHash, importHash } = subkeys;
    const audit = new AuditLog(db, systemClock);
    const options = { db, audit, clock: systemClock, secretHash, importHash, dialect };
    return await use(createKeysContext(options), actor, dialect);
  } finally {
    await db.close();
  }
}

async function actingIn(db: Database, actor: Actor, name: string | undefined): Promise<Actor> {
  if (name === undefined) return actor;
  const organization = await findOrganization(db, name);
  if (organization === undefined) throw new CommandError(`There is no organization ${name}.`);
  const { id: organizationId } = organization;
  const workspaceId = await firstWorkspaceId(db, organizationId);
  return { ...actor, organizationId, workspaceId };
}
