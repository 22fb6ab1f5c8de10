import { inArray, isNotNull, or, type SQL, sql } from "drizzle-orm";
import { among } from "../db/among.ts";
import type { Alongside, Database } from "../db/client.ts";
import { violatedUniqueColumns } from "../db/database-error.ts";
import { insertRows } from "../db/insert-rows.ts";
import { hatWearers, keys, secrets } from "../db/tables/index.ts";
import { insertKeyEvents } from "../webhooks/event-store.ts";
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

/** The statements that make many keys, each with its secret and the hats it wears, and tell of them. */
export function insertImported(
  db: Database,
  rows: readonly ImportedRow[],
  { nowMs, createdBy }: { nowMs: number; createdBy: string },
): { change: Alongside; events: Alongside } {
  if (rows.length === 0) return { change: [], events: [] };
  const worn = rows.flatMap(({ key, hats }) => hats.map((hatId) => ({ hatId, wearerId: key.id })));
  const ids = rows.map(({ key }) => key.id);
  return {
    change: [
      ...insertRows(
        keys,
        rows.map(({ key }) => key),
      ),
      ...insertRows(hatWearers, worn),
      ...insertRows(
        secrets,
        rows.map(({ secret }) => secret),
      ),
    ],
    events: insertKeyEvents(db, inArray(keys.id, oneOf(ids)), {
      type: "key.created",
      nowMs,
      more: { created_by: createdBy },
    }),
  };
}

/** As one JSON text: a thousand parameters would hold up the requests. */
function oneOf(values: readonly (string | null)[]): SQL {
  return sql`(SELECT value FROM json_each(${JSON.stringify(values)}))`;
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
