import { and, eq, gt, isNotNull, isNull, ne, or, sql } from "drizzle-orm";
import type { Alongside, Database, Drizzle } from "../db/client.ts";
import { keys, keyUsage, secrets } from "../db/tables/index.ts";

export type KeyRow = typeof keys.$inferSelect;
export type SecretRow = typeof secrets.$inferSelect;

/** A key with what its object shows from other tables. */
export interface StoredKey {
  key: KeyRow;
  lastUsedAtMs: number | null;
  requestsTotal: number;
  previous: Pick<SecretRow, "keyPrefix" | "expiresAtMs" | "lastUsedAtMs"> | null;
}

/** The hash of the newest secret that was rotated away. */
const previousHash = sql`(
  SELECT hash FROM secrets AS old WHERE old.key_id = ${keys.id} AND old.expires_at_ms IS NOT NULL
  ORDER BY old.created_at_ms DESC, old.hash LIMIT 1)`;

/** What every read of keys selects; the caller adds the conditions. */
export function selectKeys(db: Drizzle) {
  return db
    .select({
      key: keys,
      lastUsedAtMs: keyUsage.lastUsedAtMs,
      requestsTotal: sql<number>`coalesce(${keyUsage.requestsTotal}, 0)`,
      previous: {
        keyPrefix: secrets.keyPrefix,
        expiresAtMs: secrets.expiresAtMs,
        lastUsedAtMs: secrets.lastUsedAtMs,
      },
    })
    .from(keys)
    .leftJoin(keyUsage, eq(keyUsage.keyId, keys.id))
    .leftJoin(secrets, and(eq(secrets.hash, previousHash), isNotNull(keys.rotatedAtMs)));
}

/** False until the first key is made; keys are revoked, never deleted. */
export async function hasKeys(db: Database): Promise<boolean> {
  const rows = await db.lookup.select({ id: keys.id }).from(keys).limit(1);
  return rows.length > 0;
}

/** A key of the organization; undefined for a missing one and for another tenant's. */
export async function findKey(
  db: Database,
  organizationId: string,
  keyId: string,
): Promise<StoredKey | undefined> {
  const rows = await selectKeys(db.lookup).where(ownKey(organizationId, keyId)).limit(1);
  return rows[0];
}

/** Key, secret and what goes along, in one transaction. */
export async function insertKey(
  db: Database,
  { key, secret, alongside }: { key: KeyRow; secret: SecretRow; alongside: Alongside },
): Promise<void> {
  await db.write.batch([
    db.write.insert(keys).values(key),
    db.write.insert(secrets).values(secret),
    ...alongside,
  ]);
}

/** Changes a key that is not revoked. Returns false when there is none such. */
export async function updateKey(
  db: Database,
  {
    organizationId,
    keyId,
    changes,
  }: { organizationId: string; keyId: string; changes: Partial<KeyRow> },
): Promise<boolean> {
  const rows = await db.write
    .update(keys)
    .set(changes)
    .where(and(ownKey(organizationId, keyId), isNull(keys.revokedAtMs)))
    .returning({ id: keys.id });
  return rows.length > 0;
}

/**
 * Gives a key a new secret: the new one in, the others ending at `graceEndsAtMs` at the latest. A
 * key that is missing, foreign or revoked makes the first statement violate NOT NULL, which takes
 * the whole transaction back, what goes along included.
 */
export async function replaceSecret(
  db: Database,
  options: {
    organizationId: string;
    secret: SecretRow;
    graceEndsAtMs: number;
    alongside: Alongside;
  },
): Promise<void> {
  const { organizationId, secret, graceEndsAtMs } = options;
  const liveKeyId = sql<string>`(SELECT ${keys.id} FROM ${keys} WHERE ${and(
    ownKey(organizationId, secret.keyId),
    isNull(keys.revokedAtMs),
  )})`;
  await db.write.batch([
    db.write.insert(secrets).values({ ...secret, keyId: liveKeyId }),
    db.write
      .update(secrets)
      .set({ expiresAtMs: graceEndsAtMs })
      .where(
        and(
          eq(secrets.keyId, secret.keyId),
          ne(secrets.hash, secret.hash),
          or(isNull(secrets.expiresAtMs), gt(secrets.expiresAtMs, graceEndsAtMs)),
        ),
      ),
    db.write
      .update(keys)
      .set({
        keyPrefix: secret.keyPrefix,
        rotatedAtMs: secret.createdAtMs,
        updatedAtMs: secret.createdAtMs,
      })
      .where(eq(keys.id, secret.keyId)),
    ...options.alongside,
  ]);
}

function ownKey(organizationId: string, keyId: string) {
  return and(eq(keys.id, keyId), eq(keys.organizationId, organizationId));
}
