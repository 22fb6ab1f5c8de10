import type { Client, InStatement } from "@libsql/client/sqlite3";
import { DatabaseFileError } from "./database-error.ts";
import { type Migration, migrations } from "./migrations/index.ts";

const ledger =
  "CREATE TABLE migrations (name TEXT PRIMARY KEY NOT NULL, applied_at_ms INTEGER NOT NULL)";

export interface MigrationState {
  applied: string[];
  pending: string[];
}

/**
 * Which migrations the file has and lacks.
 * Throws `DatabaseFileError` for a file that is newer than this binary or is not Tollgate's.
 */
export async function migrationState(
  client: Client,
  known: readonly Migration[] = migrations,
): Promise<MigrationState> {
  const tables = await client.execute(
    "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
  );
  const names = tables.rows.map((row) => String(row["name"]));
  if (names.length > 0 && !names.includes("migrations")) {
    throw new DatabaseFileError(
      "The database file belongs to another program: it has tables that Tollgate does not know.",
    );
  }
  const applied = names.length === 0 ? [] : await appliedNames(client);
  const unknown = applied.filter((name) => !known.some((migration) => migration.name === name));
  if (unknown.length > 0) {
    throw new DatabaseFileError(
      `The database is newer than this binary: it has the migration ${unknown[0]}. Start the newer binary again, or restore the backup made before it.`,
    );
  }
  const pending = known.filter((migration) => !applied.includes(migration.name));
  return { applied, pending: pending.map((migration) => migration.name) };
}

/** True for a file without a single table. */
export async function isEmpty(client: Client): Promise<boolean> {
  const { rows } = await client.execute("SELECT count(*) FROM sqlite_schema");
  return Number(rows[0]?.[0]) === 0;
}

/** Applies what is missing, all of it in one transaction. Returns the names of what it applied. */
export async function migrate(
  client: Client,
  nowMs: number,
  known: readonly Migration[] = migrations,
): Promise<string[]> {
  const state = await migrationState(client, known);
  if (state.pending.length === 0) return [];
  const statements: InStatement[] = state.applied.length === 0 ? [ledger] : [];
  for (const migration of known) {
    if (!state.pending.includes(migration.name)) continue;
    statements.push(...migration.sql.split("--> statement-breakpoint"));
    statements.push({ sql: "INSERT INTO migrations VALUES (?, ?)", args: [migration.name, nowMs] });
  }
  await client.batch(statements, "write");
  return state.pending;
}

async function appliedNames(client: Client): Promise<string[]> {
  const rows = await client.execute("SELECT name FROM migrations ORDER BY name");
  return rows.rows.map((row) => String(row["name"]));
}
