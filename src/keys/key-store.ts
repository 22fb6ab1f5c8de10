import { and, eq, gt, isNotNull, isNull, ne, or, sql } from "drizzle-orm";
import type { Alongside, Database, Drizzle } from "../db/client.ts";
import { hatWearers, keys, keyUsage, runtimes, secrets } from "../db/tables/index.ts";

export type KeyRow = typeof keys.$inferSelect;
export type SecretRow = typeof secrets.$inferSelect;

/** A key with what its object shows from other tables. */
export interface StoredKey {
  key: KeyRow;
  lastUsedAtMs: number | null;
  requestsTotal: number;
  /** The ids of the hats it wears. */
  hats: string[];
  previous: Pick<SecretRow, "keyPrefix" | "expiresAtMs" | "lastUsedAtMs"> | null;
}

/** The hash of the newest secret that was rotated away. */
const previousHash = sql`(
  SELECT hash FROM secrets AS old WHERE old.key_id = ${keys.id} AND old.expires_at_ms IS NOT NULL
    AND old.runtime_id IS NULL
  ORDER BY old.created_at_ms DESC, old.hash LIMIT 1)`;

const wornHats = sql<string[]>`(
  SELECT json_group_array(hat_id) FROM ${hatWearers} WHERE wearer_id = ${keys.id})`.mapWith(
  (text: string) => JSON.parse(text),
);

/** What every read of keys selects; the caller adds the conditions. */
export function selectKeys(db: Drizzle) {
  return db
    .select({
      key: keys,
      lastUsedAtMs: keyUsage.lastUsedAtMs,
      requestsTotal: sql<number>`coalesce(${keyUsage.requestsTotal}, 0)`,
      hats: wornHats,
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

/** Whether a living key of the operator's belongs to an organization, or to one workspace of it. */
export async function hasOperatorKey(
  db: Database,
  { organizationId, workspaceId }: { organizationId: string; workspaceId?: string },
): Promise<boolean> {
  const rows = await db.read
    .select({ id: keys.id })
    .from(keys)
    .where(
      and(
        eq(keys.organizationId, organizationId),
        workspaceId === undefined ? undefined : eq(keys.workspaceId, workspaceId),
        eq(keys.instanceWide, true),
        isNull(keys.revokedAtMs),
      ),
    )
    .limit(1);
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

/** The statements that make a key with its first secret and the hats it wears. */
export function insertKey(
  db: Database,
  { key, hats }: Pick<StoredKey, "key" | "hats">,
  secret: SecretRow,
): Alongside {
  return [
    db.write.insert(keys).values(key),
    ...putOnHats(db, key.id, hats),
    db.write.insert(secrets).values(secret),
  ];
}

/** The statements that make a key wear these hats and no others. */
export function changeHats(db: Database, keyId: string, hats: readonly string[]): Alongside {
  return [
    db.write.delete(hatWearers).where(eq(hatWearers.wearerId, keyId)),
    ...putOnHats(db, keyId, hats),
  ];
}

function putOnHats(db: Database, wearerId: string, hats: readonly string[]): Alongside {
  if (hats.length === 0) return [];
  return [db.write.insert(hatWearers).values(hats.map((hatId) => ({ hatId, wearerId })))];
}

/** The statement that changes a key that is not revoked. */
export function changeKey(
  db: Database,
  { organizationId, keyId }: { organizationId: string; keyId: string },
  changes: Partial<KeyRow>,
): Alongside {
  return [
    db.write
      .update(keys)
      .set(changes)
      .where(and(ownKey(organizationId, keyId), isNull(keys.revokedAtMs))),
  ];
}

/**
 * The statements that give a key a new secret: the new one in, the others ending at `graceEndsAtMs`
 * at the latest, those of runtimes only when there is no grace. A key that is missing, foreign or revoked makes the first statement violate NOT
 * NULL, which takes the whole transaction back, what goes along included.
 */
export function replaceSecret(
  db: Database,
  organizationId: string,
  { secret, graceEndsAtMs }: { secret: SecretRow; graceEndsAtMs: number },
): Alongside {
  const isAtOnce = graceEndsAtMs <= secret.createdAtMs;
  const liveKeyId = sql<string>`(SELECT ${keys.id} FROM ${keys} WHERE ${and(
    ownKey(organizationId, secret.keyId),
    isNull(keys.revokedAtMs),
  )})`;
  return [
    db.write.insert(secrets).values({ ...secret, keyId: liveKeyId }),
    db.write
      .update(secrets)
      .set({ expiresAtMs: graceEndsAtMs })
      .where(
        and(
          eq(secrets.keyId, secret.keyId),
          ne(secrets.hash, secret.hash),
          or(isNull(secrets.expiresAtMs), gt(secrets.expiresAtMs, graceEndsAtMs)),
          isAtOnce ? undefined : isNull(secrets.runtimeId),
        ),
      ),
    ...(isAtOnce ? [endRuntimesOf(db, secret.keyId, secret.createdAtMs)] : []),
    db.write
      .update(keys)
      .set({
        keyPrefix: secret.keyPrefix,
        rotatedAtMs: secret.createdAtMs,
        updatedAtMs: secret.createdAtMs,
      })
      .where(eq(keys.id, secret.keyId)),
  ];
}

function endRuntimesOf(db: Database, keyId: string, nowMs: number) {
  return db.write
    .update(runtimes)
    .set({ endedAtMs: nowMs, endedBy: keyId })
    .where(
      and(eq(runtimes.keyId, keyId), isNull(runtimes.endedAtMs), gt(runtimes.expiresAtMs, nowMs)),
    );
}

function ownKey(organizationId: string, keyId: string) {
  return and(eq(keys.id, keyId), eq(keys.organizationId, organizationId));
}
