import { getTableColumns } from "drizzle-orm";
import type { SQLiteColumn, SQLiteTable } from "drizzle-orm/sqlite-core";
import { getTableConfig } from "drizzle-orm/sqlite-core";
import type { Alongside } from "./client.ts";
import type { Rows } from "./thread-protocol.ts";

interface Prepared {
  sql: string;
  columns: [name: string, column: SQLiteColumn][];
}

const prepared = new Map<string, Prepared>();

/**
 * Inserts rows that all name the same columns, by one prepared statement that is run for each: a third of
 * the time of one that takes them from a JSON text. With `replacing`, a row that is there already takes
 * those columns over.
 */
export function insertRows<Table extends SQLiteTable>(
  table: Table,
  rows: readonly Table["$inferInsert"][],
  { replacing = [] }: { replacing?: readonly (keyof Table["$inferInsert"] & string)[] } = {},
): Alongside {
  const [first] = rows;
  if (first === undefined) return [];
  const { sql, columns } = prepare(table, first, replacing);
  const values = rows.map((row) => {
    if (Object.keys(row).length !== columns.length) throw new Error("Rows name unlike columns.");
    return columns.map(([name, column]) => {
      const value = (row as Record<string, unknown>)[name] ?? null;
      return value === null ? null : column.mapToDriverValue(value);
    });
  });
  return [batchItem({ sql, args: { rows: values } })];
}

function prepare(table: SQLiteTable, like: object, replacing: readonly string[]): Prepared {
  const { name: tableName } = getTableConfig(table);
  const all = getTableColumns(table) as Record<string, SQLiteColumn>;
  const names = Object.keys(all).filter((name) => name in like);
  const cacheName = `${tableName} ${names} ${replacing}`;
  const known = prepared.get(cacheName);
  if (known !== undefined) return known;
  const columnOf = (name: string): SQLiteColumn => {
    const column = all[name];
    if (column === undefined) throw new Error(`${tableName} has no column ${name}.`);
    return column;
  };
  const columns = names.map((name) => [name, columnOf(name)] satisfies [string, SQLiteColumn]);
  const keys = Object.values(all).filter(({ primary }) => primary);
  const made: Prepared = {
    sql: `INSERT INTO "${tableName}" (${columns.map(([, { name }]) => `"${name}"`).join(", ")})
      VALUES (${columns.map(() => "?").join(", ")})${onConflict(keys, replacing.map(columnOf))}`,
    columns,
  };
  prepared.set(cacheName, made);
  return made;
}

function onConflict(keys: readonly SQLiteColumn[], replaced: readonly SQLiteColumn[]): string {
  if (replaced.length === 0) return "";
  const sets = replaced.map(({ name }) => `"${name}" = excluded."${name}"`);
  return ` ON CONFLICT (${keys.map(({ name }) => `"${name}"`)}) DO UPDATE SET ${sets.join(", ")}`;
}

/** What drizzle's `batch` asks of a query. */
function batchItem({ sql, args }: Rows): Alongside[number] {
  const query = { getQuery: () => ({ sql, params: args }), mapResult: () => undefined };
  return { _prepare: () => query } as unknown as Alongside[number];
}
