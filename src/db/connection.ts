import { type InStatement, LibsqlError } from "@libsql/client/sqlite3";
import Database from "libsql";
import { databaseClosed } from "./database-error.ts";
import { primaryCode } from "./sqlite-codes.ts";
import type { Rows, ThreadResult } from "./thread-protocol.ts";

/** Prepared statements that a connection keeps; the texts in the code are far fewer. */
export const statementsMax = 500;
/** After these libSQL 0.5.29 leaves the statement open. */
const leavesStatementOpen = new Set(["SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_IOERR"]);

interface Prepared {
  prepared: Database.Statement<unknown[]>;
  /** Empty for a statement that returns nothing. */
  columns: string[];
}

/**
 * One connection to a file that keeps its prepared statements: to prepare one costs 15 to 40
 * microseconds, often more than to run it, and libSQL's own client prepares each anew. A call is done
 * when it returns.
 *
 * After a call that met a held lock the connection is a fresh one: libsql 0.5.29 does not reset a
 * statement that failed so, and SQLite does not commit while a statement is open: later writes would be
 * reported as done and never be in the file. A test shows it. The fresh one is opened by the next call:
 * when the file cannot be opened, that call fails and the one after it tries again.
 */
export class Connection {
  /** Undefined between a call that met a held lock and the next one. */
  #database: Database.Database | undefined;
  #isClosed = false;
  #statements = new Map<string, Prepared>();

  constructor(
    private readonly path: string,
    private readonly busyTimeoutMs: number,
  ) {
    this.#database = this.#open();
  }

  execute(statement: InStatement): ThreadResult {
    return this.#guarded(() => this.#run(statement));
  }

  /** One transaction, begun IMMEDIATE: all of the statements or none. */
  batch(statements: readonly (InStatement | Rows)[]): ThreadResult[] {
    return this.#guarded(() => {
      this.#run("BEGIN IMMEDIATE");
      try {
        const results = statements.map((statement) =>
          isRows(statement) ? this.#runRows(statement) : this.#run(statement),
        );
        this.#run("COMMIT");
        return results;
      } catch (error) {
        if (this.#database?.inTransaction) this.#run("ROLLBACK");
        throw error;
      }
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#letGo();
  }

  /** Statements that are kept prepared. */
  get statementCount(): number {
    return this.#statements.size;
  }

  #letGo(): void {
    const database = this.#database;
    this.#database = undefined;
    this.#statements.clear();
    database?.close();
  }

  #open(): Database.Database {
    try {
      // The declared options are those of better-sqlite3; the timeout is in milliseconds in both.
      return new Database(this.path, { timeout: this.busyTimeoutMs });
    } catch (error) {
      // libsql says so in the text alone, and without a code nobody could tell it from a fault of ours.
      const { message } = error as Error;
      throw new LibsqlError(message, "SQLITE_CANTOPEN", undefined, undefined, error as Error);
    }
  }

  #guarded<T>(call: () => T): T {
    try {
      return call();
    } catch (thrown) {
      const error = toLibsqlError(thrown);
      if (error instanceof LibsqlError && leavesStatementOpen.has(error.code)) {
        this.#letGo();
      }
      throw error;
    }
  }

  #run(statement: InStatement): ThreadResult {
    const { sql, args = [] } = typeof statement === "string" ? { sql: statement } : statement;
    if (!Array.isArray(args)) throw new TypeError("Values have to be given in their order.");
    const values = args.map(toCell);
    const { prepared, columns } = this.#prepare(sql);
    if (columns.length === 0) return ofWrite(prepared.run(values).changes);
    const rows = prepared.all(values) as unknown[][];
    rows.forEach(requireExact);
    return { columns, rows, rowsAffected: 0 };
  }

  #runRows({ sql, args }: Rows): ThreadResult {
    const { prepared } = this.#prepare(sql);
    let changes = 0;
    for (const values of args.rows) changes += prepared.run(values.map(toCell)).changes;
    return ofWrite(changes);
  }

  #prepare(sql: string): Prepared {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    if (this.#isClosed) throw databaseClosed();
    this.#database ??= this.#open();
    const prepared = this.#database.prepare(sql);
    const columns = prepared.reader ? prepared.columns().map(({ name }) => name) : [];
    if (columns.length > 0) prepared.raw(true);
    if (this.#statements.size >= statementsMax) this.#statements.clear();
    const made = { prepared, columns };
    this.#statements.set(sql, made);
    return made;
  }
}

function ofWrite(rowsAffected: number): ThreadResult {
  return { columns: [], rows: [], rowsAffected };
}

/** Tells rows of values from one statement's own. */
export function isRows(statement: InStatement | Rows): statement is Rows {
  if (typeof statement === "string") return false;
  return typeof statement.args === "object" && "rows" in statement.args;
}

/** A value as SQLite takes it. What has no faithful form there is refused. */
function toCell(value: unknown): unknown {
  if (typeof value === "boolean") return value ? 1 : 0;
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new RangeError("Only finite numbers can be stored.");
  }
  if (value === undefined) throw new TypeError("undefined cannot be stored.");
  return value;
}

/** Integers come as numbers: one that is too large for that must not pass for another. */
function requireExact(row: readonly unknown[]): void {
  for (const value of row) {
    if (typeof value === "number" && Math.abs(value) > Number.MAX_SAFE_INTEGER) {
      throw new RangeError("An integer of the database is too large for a number.");
    }
  }
}

function toLibsqlError(error: unknown): unknown {
  if (!(error instanceof Database.SqliteError)) return error;
  const { message, code, rawCode } = error as { message: string; code: string; rawCode?: number };
  const primary = rawCode === undefined ? "SQLITE_UNKNOWN" : primaryCode(rawCode);
  return new LibsqlError(message, primary, code, rawCode, error);
}
