import { pathToFileURL } from "node:url";
import { type Client, createClient, type InStatement, type InValue } from "@libsql/client/sqlite3";
import type { BatchItem } from "drizzle-orm/batch";
import type { LibSQLDatabase } from "drizzle-orm/libsql";
import { drizzle } from "drizzle-orm/libsql/sqlite3";
import { retryWhileBusy } from "./busy-retry.ts";
import { isRows } from "./connection.ts";
import { ConnectionClient } from "./connection-client.ts";
import { DatabaseFileError, sqliteCode } from "./database-error.ts";
import { ThreadClient } from "./thread-client.ts";
import type { Rows } from "./thread-protocol.ts";

export type Drizzle = LibSQLDatabase<Record<string, never>> & { $client: Client };

/** Statements that belong to the same transaction, such as the answer kept for a retry. */
export type Alongside = BatchItem<"sqlite">[];

/** How long SQLite itself waits for a lock before `SQLITE_BUSY`, by connection. */
const lookupBusyTimeoutMs = 25;
const threadBusyTimeoutMs = 100;
const commandBusyTimeoutMs = 5_000;

export interface Database {
  /** Point look-ups by index, on the calling thread: tens of microseconds, never a scan or a write. */
  lookup: Drizzle;
  /** Lists and scans, in a thread of their own. */
  read: Drizzle;
  /** Writes, in a thread of their own: a commit waits for the disk. `batch` is one transaction. */
  write: Drizzle;
  /** Changes when any other connection commits: this process's own threads or another process. */
  dataVersion(): Promise<number>;
  close(): Promise<void>;
}

/** Opens the file for a server: one connection here, two in threads. The schema must be migrated. */
export async function openServerDatabase(
  path: string,
  onCrash: (error: Error) => void,
): Promise<Database> {
  const lookup = new ConnectionClient(path, lookupBusyTimeoutMs);
  // A connection of its own: the number means something on one and the same connection only.
  const version = new ConnectionClient(path, lookupBusyTimeoutMs);
  const thread = () => ThreadClient.open({ path, busyTimeoutMs: threadBusyTimeoutMs, onCrash });
  const [read, write] = await Promise.all([thread(), thread()]);
  const patient = retryWhileBusy(write.asClient());
  return {
    lookup: drizzle({ client: lookup.asClient() }),
    read: drizzle({ client: read.asClient() }),
    write: drizzle({ client: patient }),
    dataVersion: () => readDataVersion(version.asClient()),
    close: async () => {
      await read.close();
      await checkpoint(write.asClient());
      await write.close();
      lookup.close();
      version.close();
    },
  };
}

/** Opens the file for a command that runs and ends: one connection for everything. */
export function openCommandDatabase(path: string): Database & { client: Client } {
  const client = openFile(path, commandBusyTimeoutMs);
  const db = drizzle({ client: inWriteMode(client) });
  return {
    client,
    lookup: db,
    read: db,
    write: db,
    dataVersion: () => readDataVersion(client),
    close: async () => {
      if (!client.closed) await checkpoint(client);
      client.close();
    },
  };
}

/**
 * Puts what lies in the write-ahead log into the database file, so that after a stop the one file is
 * whole. While others read it does what it can; a file that cannot be written stays as it is.
 */
async function checkpoint(client: Client): Promise<void> {
  await client.execute("PRAGMA wal_checkpoint(TRUNCATE)").catch(() => {});
}

/** One connection to the file, which is made when it is missing. Throws `DatabaseFileError`. */
export function openFile(path: string, busyTimeoutMs: number): Client {
  try {
    return createClient({ url: pathToFileURL(path).href, timeout: busyTimeoutMs, concurrency: 1 });
  } catch (error) {
    throw asFileError(path, error);
  }
}

/** Puts SQLite's word about the file into a sentence; anything else is returned as it came. */
export function asFileError(path: string, error: unknown): unknown {
  switch (sqliteCode(error)) {
    case "SQLITE_NOTADB":
      return new DatabaseFileError(
        `${path} is not a database. Move it away, or restore a backup over it.`,
      );
    case "SQLITE_CORRUPT":
      return new DatabaseFileError(`${path} is damaged. Restore a backup.`);
    case "SQLITE_CANTOPEN":
      return new DatabaseFileError(
        `${path} cannot be opened. Check that the folder exists and is writable.`,
      );
    case "SQLITE_READONLY":
    case "SQLITE_PERM":
      return new DatabaseFileError(`${path} is not writable by this user.`);
    default:
      return error;
  }
}

/**
 * `batch` of a plain client begins DEFERRED; a write that begins so can fail halfway with BUSY. It also
 * knows one row of values a statement only.
 */
function inWriteMode(client: Client): Client {
  return new Proxy(client, {
    get(target, name) {
      if (name === "batch") {
        return async (statements: (InStatement | Rows)[]) => {
          const singles = statements.map((one) => (isRows(one) ? toSingles(one) : [one]));
          const results = await target.batch(singles.flat(), "write");
          const ends = singles.map((_, at) => singles.slice(0, at + 1).flat().length);
          return ends.map((end) => results[end - 1]);
        };
      }
      const value = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function toSingles({ sql, args }: Rows): InStatement[] {
  return args.rows.map((row) => ({ sql, args: row as InValue[] }));
}

async function readDataVersion(client: Client): Promise<number> {
  const result = await client.execute("PRAGMA data_version");
  return Number(result.rows[0]?.[0]);
}
