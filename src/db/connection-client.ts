import type { Client, InStatement, ResultSet } from "@libsql/client/sqlite3";
import { Connection } from "./connection.ts";
import { toResultSet } from "./result-set.ts";

/** The part of libSQL's client that drizzle calls, over one connection on the calling thread. */
export class ConnectionClient {
  #connection: Connection;
  closed = false;
  readonly protocol = "file";

  constructor(path: string, busyTimeoutMs: number) {
    this.#connection = new Connection(path, busyTimeoutMs);
  }

  async execute(statement: InStatement): Promise<ResultSet> {
    return toResultSet(this.#connection.execute(statement));
  }

  async batch(statements: InStatement[]): Promise<ResultSet[]> {
    return this.#connection.batch(statements).map(toResultSet);
  }

  close(): void {
    this.closed = true;
    this.#connection.close();
  }

  /** As libSQL's interface: drizzle asks for nothing else of it. */
  asClient(): Client {
    return this as unknown as Client;
  }
}
