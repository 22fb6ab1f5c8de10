import { accessSync, constants, existsSync } from "node:fs";
import { dirname } from "node:path";
import type { Client } from "@libsql/client/sqlite3";
import { openFile } from "../db/client.ts";
import { sqliteCode } from "../db/database-error.ts";
import { CommandError } from "./report.ts";

/**
 * Limits are exact because one server counts them, so a folder has one server. The lock is a write
 * transaction held open on a small file of its own: the system lets go of it however the process
 * ends, `kill -9` included. Returns the function that releases it.
 */
export async function lockFolder(path: string): Promise<() => void> {
  const client = openLock(path);
  try {
    await client.executeMultiple("CREATE TABLE IF NOT EXISTS lock (held INTEGER)");
    const held = await client.transaction("write");
    return () => {
      held.close();
      client.close();
    };
  } catch (error) {
    client.close();
    if (sqliteCode(error) !== "SQLITE_BUSY") throw error;
    throw new CommandError("Another tollgate server is running on this data folder.");
  }
}

function openLock(path: string): Client {
  try {
    return openFile(path, 0);
  } catch (cause) {
    // SQLite says only that it cannot: the system says why.
    if (existsSync(path)) accessSync(path, constants.W_OK);
    accessSync(dirname(path), constants.W_OK);
    throw cause;
  }
}
