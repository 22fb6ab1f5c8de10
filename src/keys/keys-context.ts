import type { AuditLog } from "../audit/audit-log.ts";
import type { Clock } from "../core/clock.ts";
import type { KeyedHash } from "../crypto/keyed-hash.ts";
import {
  type Environment,
  generateSecret,
  type KeyType,
  type NewSecret,
} from "../crypto/secret-format.ts";
import type { Database } from "../db/client.ts";
import type { Dialect } from "../dialects/dialect.ts";
import type { SecretRow } from "./key-store.ts";

/** What the verbs of this feature work with, the same for the server and the command line. */
export interface KeysContext {
  db: Database;
  audit: AuditLog;
  clock: Clock;
  /** A new secret, with the prefix that the dialect has for its type. */
  newSecret(type: KeyType, environment: Environment): NewSecret;
  /** The row a new secret is stored as. */
  secretRow(options: NewSecretRow): SecretRow;
  /** Forgets what memory holds of a key; when it returns, the next request sees the database. */
  invalidate(keyId: string): void;
}

interface NewSecretRow {
  keyId: string;
  secret: string;
  keyPrefix: string;
  nowMs: number;
}

/** The context over a database; without `invalidate` nothing is held in memory. */
export function createKeysContext(options: {
  db: Database;
  audit: AuditLog;
  clock: Clock;
  secretHash: KeyedHash;
  dialect: Pick<Dialect, "prefixes">;
  invalidate?: (keyId: string) => void;
}): KeysContext {
  const { db, audit, clock, secretHash, dialect, invalidate = () => {} } = options;
  return {
    db,
    audit,
    clock,
    invalidate,
    newSecret: (type, environment) => generateSecret(type, environment, dialect.prefixes),
    secretRow: ({ keyId, secret, keyPrefix, nowMs }) => ({
      hash: secretHash.of(secret),
      hashOf: "secret",
      keyId,
      pepperId: secretHash.id,
      keyPrefix,
      createdAtMs: nowMs,
      runtimeId: null,
      expiresAtMs: null,
      lastUsedAtMs: null,
    }),
  };
}
