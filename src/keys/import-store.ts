import { getTableColumns, inArray, isNotNull, or, sql } from "drizzle-orm";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import { among } from "../db/among.ts";
import type { Alongside, Database } from "../db/client.ts";
import { violatedUniqueColumns } from "../db/database-error.ts";
import { hatWearers, keys, secrets } from "../db/tables/index.ts";
import type { SecretRow, StoredKey } from "./key-store.ts";

/** A key to be imported, with the row of its secret. */
export interface ImportedRow extends Pick<StoredKey, "key" | "hats"> {
  secret: SecretRow;
}

/** Whether this installation holds any imported secret. */
export async function hasImportedSecrets(db: Database): Promise<boolean> {
  const rows = await db.lookup
    .select({ keyId: secrets.keyId })
    .from(secrets)
    .where(isNotNull(secrets.importHash))
    .limit(1);
  return rows.length > 0;
}

/** Which of the secrets are known here already, in whatever organization: their hashes of both kinds. */
export async function findKnownHashes(
  db: Database,
  wanted: readonly Pick<SecretRow, "hash" | "importHash">[],
): Promise<Set<string>> {
  const rows = await db.lookup
    .select({ hash: secrets.hash, importHash: secrets.importHash })
    .from(secrets)
    .where(
      or(
        inArray(secrets.hash, among(wanted.map(({ hash }) => hash))),
        inArray(secrets.importHash, among(wanted.map(({ importHash }) => importHash))),
      ),
    );
  return new Set(rows.flatMap(({ hash, importHash }) => [hash, importHash ?? hash]));
}

/** The statements that make many keys, each with its secret and the hats it wears. */
export function insertImported(db: Database, rows: readonly ImportedRow[]): Alongside {
  if (rows.length === 0) return [];
  const worn = rows.flatMap(({ key, hats }) => hats.map((hatId) => ({ hatId, wearerId: key.id })));
  return [
    insertRows(
      db,
      keys,
      rows.map(({ key }) => key),
    ),
    ...(worn.length === 0 ? [] : [insertRows(db, hatWearers, worn)]),
    insertRows(
      db,
      secrets,
      rows.map(({ secret }) => secret),
    ),
  ];
}

/**
 * One statement for all rows, which travel as one JSON text: thirty thousand parameters would hold up the
 * requests for a tenth of a second. Lists and objects become the JSON that their columns hold.
 */
function insertRows<T extends SQLiteTable>(
  db: Database,
  table: T,
  rows: readonly T["$inferInsert"][],
): Alongside[number] {
  const columns = Object.entries(getTableColumns(table));
  const names = columns.map(([, column]) => sql.identifier(column.name));
  const values = columns.map(([field]) => sql`value ->> ${sql.raw(`'$.${field}'`)}`);
  return db.write.run(sql`
    INSERT INTO ${table} (${sql.join(names, sql.raw(", "))})
    SELECT ${sql.join(values, sql.raw(", "))} FROM json_each(${JSON.stringify(rows)})`);
}

/** True when another process has brought in one of the secrets since it was looked for. */
export function isTakenSecret(error: unknown): boolean {
  return violatedUniqueColumns(error)?.startsWith("secrets.") ?? false;
}

/** A secret that was found by its digest, and what it is to be stored as. */
export interface Upgrade {
  keyId: string;
  /** The hash it is stored under, of the digest. */
  hash: string;
  /** The hash of the secret itself. */
  secretHash: string;
}

/**
 * Stores the secrets under the hashes of themselves, in one statement. A row that is no longer there,
 * or is no longer of a digest, stays as it is; nothing but the hash is touched, so an end that a
 * rotation sets meanwhile, or a revocation, holds.
 */
export async function storeUpgrades(db: Database, upgrades: readonly Upgrade[]): Promise<void> {
  const values = JSON.stringify(upgrades.map(({ hash, secretHash }) => [hash, secretHash]));
  await db.write.run(sql`
    UPDATE OR IGNORE ${secrets} SET hash = upgraded.value ->> 1, hash_of = 'secret'
    FROM json_each(${values}) AS upgraded
    WHERE hash = upgraded.value ->> 0 AND hash_of = 'sha256'`);
}
