import type { Client } from "@libsql/client/sqlite3";
import { sqliteCode } from "./database-error.ts";

const leavesStatementOpen = new Set(["SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_IOERR"]);

/**
 * Gives the client a fresh connection after a call that met a held lock. libsql 0.5.29 does not
 * reset a statement that failed so, and SQLite does not commit while a statement is open: later
 * writes on that connection would be reported as done and never be in the file. A test shows it.
 */
export function withFreshConnections(client: Client): Client {
  const guarded = async <T>(call: () => Promise<T>): Promise<T> => {
    try {
      return await call();
    } catch (error) {
      if (leavesStatementOpen.has(sqliteCode(error) ?? "")) await client.reconnect();
      throw error;
    }
  };
  return new Proxy(client, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      if (name !== "execute" && name !== "batch") return value.bind(target);
      return (...args: unknown[]) => guarded(() => value.apply(target, args));
    },
  });
}
