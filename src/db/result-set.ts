import type { ResultSet, Row } from "@libsql/client/sqlite3";
import type { ThreadResult } from "./thread-protocol.ts";

/** libSQL's form of a result: values by position and by column name, `length` not enumerable. */
export function toResultSet({ columns, rows, rowsAffected }: ThreadResult): ResultSet {
  return {
    columns,
    columnTypes: columns.map(() => ""),
    rows: rows.map((values) => toRow(columns, values)),
    rowsAffected,
    lastInsertRowid: undefined,
    toJSON: () => ({ columns, rows }),
  };
}

function toRow(columns: readonly string[], values: readonly unknown[]): Row {
  const row: Record<string | number, unknown> = {};
  Object.defineProperty(row, "length", { value: values.length });
  values.forEach((value, at) => {
    Object.defineProperty(row, at, { value });
    row[columns[at] as string] = value;
  });
  return row as unknown as Row;
}
