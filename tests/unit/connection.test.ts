import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DomainError } from "../../src/core/errors.ts";
import { Connection, statementsMax } from "../../src/db/connection.ts";
import { databaseFailure, sqliteCode } from "../../src/db/database-error.ts";

const insert = "INSERT INTO notes (text) VALUES (?)";
const busyTimeoutMs = 5;

let folder: string;
let connection: Connection;
let other: Connection;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tollgate-connection-"));
  const path = join(folder, "tollgate.db");
  connection = new Connection(path, busyTimeoutMs);
  other = new Connection(path, busyTimeoutMs);
  connection.execute("PRAGMA journal_mode = WAL");
  connection.execute("CREATE TABLE notes (text TEXT UNIQUE)");
});
afterEach(() => {
  connection.close();
  other.close();
  rmSync(folder, { recursive: true, force: true });
});

const write = (text: string) => connection.execute({ sql: insert, args: [text] });

/** What the call throws; fails when it throws nothing. */
function failureOf(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error("The call did not fail.");
}

/** Has a write of the connection meet a lock that the other one holds. */
function meetLock(): unknown {
  other.execute("BEGIN IMMEDIATE");
  const failure = failureOf(() => write("while locked"));
  other.execute("ROLLBACK");
  return failure;
}

const notes = () => other.execute("SELECT text FROM notes ORDER BY text").rows.flat();

describe("a connection", () => {
  test("is a fresh one after a held lock: what it then reports as written is in the file", () => {
    write("before");
    expect(sqliteCode(meetLock())).toBe("SQLITE_BUSY");
    expect(connection.statementCount).toBe(0);
    expect(write("after").rowsAffected).toBe(1);
    expect(notes()).toEqual(["after", "before"]);
    other.execute({ sql: insert, args: ["no lock is left behind"] });
  });

  test("that cannot be opened again fails as storage, and works when the file is back", () => {
    const away = `${folder}-away`;
    meetLock();
    renameSync(folder, away);
    for (let attempt = 0; attempt < 3; attempt++) {
      const failure = failureOf(() => write("nowhere"));
      expect(sqliteCode(failure)).toBe("SQLITE_CANTOPEN");
      expect(databaseFailure(failure)?.code).toBe("storage_failed");
      expect(sqliteCode(failureOf(() => connection.batch(["SELECT 1"])))).toBe("SQLITE_CANTOPEN");
    }
    renameSync(away, folder);
    expect(write("back").rowsAffected).toBe(1);
    expect(notes()).toEqual(["back"]);
  });

  test("keeps its statements over calls, and over failures that leave none of them open", () => {
    write("once");
    const before = connection.statementCount;
    expect(sqliteCode(failureOf(() => write("once")))).toBe("SQLITE_CONSTRAINT");
    expect(failureOf(() => connection.execute({ sql: insert, args: [Number.NaN] }))).toBeInstanceOf(
      RangeError,
    );
    for (const text of ["two", "three"]) write(text);
    expect(connection.statementCount).toBe(before);
    expect(notes()).toEqual(["once", "three", "two"]);
  });

  test("takes a batch that failed back, keeps its statements, and goes on", () => {
    const single = (text: string) => ({ sql: insert, args: [text] });
    write("once");
    const failure = failureOf(() => connection.batch([single("new"), single("once")]));
    expect(sqliteCode(failure)).toBe("SQLITE_CONSTRAINT");
    expect(notes()).toEqual(["once"]);
    expect(connection.statementCount).toBeGreaterThan(0);
    connection.batch([single("new"), single("newer")]);
    expect(notes()).toEqual(["new", "newer", "once"]);
  });

  test("keeps no more statements than the bound, and answers beyond it", () => {
    for (let at = 0; at < 2 * statementsMax; at++) {
      expect(connection.execute(`SELECT ${at}`).rows).toEqual([[at]]);
      expect(connection.statementCount).toBeLessThanOrEqual(statementsMax);
    }
    expect(connection.execute("SELECT 0").rows).toEqual([[0]]);
  });

  test("that is closed stays so: it answers 503 and opens nothing", () => {
    connection.close();
    const failure = failureOf(() => write("too late"));
    expect(failure).toBeInstanceOf(DomainError);
    expect((failure as DomainError).status).toBe(503);
    connection.close();
    expect(notes()).toEqual([]);
  });
});
