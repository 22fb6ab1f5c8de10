import { accessSync, chmodSync, constants, existsSync, mkdirSync, statSync } from "node:fs";
import type { DataPaths } from "../config/load.ts";
import type { Clock } from "../core/clock.ts";
import {
  createRootKey,
  deriveSubkeys,
  RootKeyError,
  readRootKey,
  type Subkeys,
} from "../crypto/root-key.ts";
import { asFileError, type Database, openCommandDatabase } from "../db/client.ts";
import { DatabaseFileError } from "../db/database-error.ts";
import { isEmpty, migrate, migrationState } from "../db/migrate.ts";
import type { Dialect } from "../dialects/dialect.ts";
import { type DialectName, dialectOf } from "../dialects/index.ts";
import { type Actor, noLimits } from "../organizations/actor.ts";
import {
  defaultTenant,
  findDialectName,
  findRootKeyId,
  setUpInstance,
} from "../organizations/setup-store.ts";

export type CommandDatabase = ReturnType<typeof openCommandDatabase>;

export interface Instance {
  db: CommandDatabase;
  subkeys: Subkeys;
  /** The one that the server ran with last. */
  dialect: Dialect;
  /** The command line as the maker of changes. */
  actor: Actor;
}

/**
 * Opens the data folder, making whatever is missing in it; the schema is brought up to date. A new
 * installation gets the plans of the dialect.
 */
export async function openOrCreateInstance(
  paths: DataPaths,
  clock: Clock,
  dialectName: DialectName,
): Promise<Instance> {
  requireWritable(paths);
  return withDatabase(paths, async (db) => {
    await refuseLostDatabase(db, paths);
    await db.client.execute("PRAGMA journal_mode = WAL");
    await migrate(db.client, clock.nowMs());
    const rootKeyId = await findRootKeyId(db);
    const isNew = rootKeyId === undefined;
    const subkeys = isNew ? newSubkeys(paths) : checkedSubkeys(paths, rootKeyId);
    if (isNew) {
      const { id } = subkeys.secretHash;
      await setUpInstance(db, { rootKeyId: id, dialectName, nowMs: clock.nowMs() });
    }
    const dialect = dialectOf(await findDialectName(db));
    return { db, subkeys, dialect, actor: await commandActor(db) };
  });
}

/** Opens a data folder that is already set up. Throws a sentence for the operator otherwise. */
export async function openInstance(paths: DataPaths): Promise<Instance> {
  return withDatabase(requireDatabase(paths), async (db) => {
    await requireMigrated(db);
    const rootKeyId = await findRootKeyId(db);
    if (rootKeyId === undefined) throw notSetUp(paths);
    const subkeys = checkedSubkeys(paths, rootKeyId);
    const dialect = dialectOf(await findDialectName(db));
    return { db, subkeys, dialect, actor: await commandActor(db) };
  });
}

/** The paths, once the database file is known to be there. Throws the system's error for one it may not see. */
export function requireDatabase(paths: DataPaths): DataPaths {
  const found = statSync(paths.database, { throwIfNoEntry: false });
  if (found === undefined) throw notSetUp(paths);
  accessSync(paths.database, constants.R_OK | constants.W_OK);
  return paths;
}

/** Throws the system's error unless folder and files can be written: not with the first request. */
function requireWritable(paths: DataPaths): void {
  const files = [paths.folder, paths.database, `${paths.database}-wal`, `${paths.database}-shm`];
  for (const path of files.filter(existsSync)) accessSync(path, constants.W_OK);
}

/**
 * A root key beside an empty database is what is left when a database was copied without its
 * write-ahead log, or lost: making a new one there would bury the loss.
 */
async function refuseLostDatabase(db: CommandDatabase, paths: DataPaths): Promise<void> {
  const isOwnKey = paths.rootKey.startsWith(paths.folder) && existsSync(paths.rootKey);
  if (!isOwnKey || !(await isEmpty(db.client))) return;
  throw new DatabaseFileError(
    `${paths.folder} has a root key, but its database is empty or missing. Put back a backup of it; to begin anew, move ${paths.rootKey} away.`,
  );
}

/** Runs `use` on the open file; closes it when that fails, and says what is wrong with the file. */
export async function withDatabase<T>(
  paths: DataPaths,
  use: (db: CommandDatabase) => Promise<T>,
): Promise<T> {
  // Files of the database are for its owner, the backup and SQLite's own beside it included.
  process.umask(0o077);
  const db = openCommandDatabase(paths.database);
  try {
    return await use(db);
  } catch (error) {
    await db.close();
    throw asFileError(paths.database, error);
  }
}

async function requireMigrated(db: CommandDatabase): Promise<void> {
  if (await isEmpty(db.client)) throw new DatabaseFileError("The database file is empty.");
  const { pending } = await migrationState(db.client);
  if (pending.length > 0) {
    throw new DatabaseFileError("The database is older than this binary. Run 'tollgate migrate'.");
  }
}

async function commandActor(db: Database): Promise<Actor> {
  return {
    ...(await defaultTenant(db)),
    type: "operator",
    id: "cli",
    userId: null,
    role: null,
    scopes: ["*"],
    instanceWide: true,
    origin: null,
    expiresAtMs: null,
    addressRanges: null,
    limits: noLimits,
  };
}

function newSubkeys(paths: DataPaths): Subkeys {
  const rootKey = existsSync(paths.rootKey)
    ? readRootKey(paths.rootKey)
    : createRootKey(paths.rootKey);
  return deriveSubkeys(rootKey);
}

function checkedSubkeys(paths: DataPaths, rootKeyId: string): Subkeys {
  const subkeys = deriveSubkeys(readRootKey(paths.rootKey));
  if (subkeys.secretHash.id !== rootKeyId) {
    throw new RootKeyError(
      `Root key wrong: ${paths.rootKey} is not the one this database was made with. ` +
        "Put the right file back from your backup.",
    );
  }
  return subkeys;
}

/** Only the owner may look into the folder. */
export function createFolder(folder: string): void {
  const made = mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (made !== undefined) chmodSync(folder, 0o700);
}

function notSetUp(paths: DataPaths): DatabaseFileError {
  return new DatabaseFileError(
    `There is no Tollgate database in ${paths.folder}. 'tollgate serve' makes one; --data names another folder.`,
  );
}
