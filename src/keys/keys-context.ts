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
import type { Dialect, ScopeWords } from "../dialects/dialect.ts";
import type { SecretRow } from "./key-store.ts";

/** What the verbs of this feature work with, the same for the server and the command line. */
export interface KeysContext {
  db: Database;
  audit: AuditLog;
  clock: Clock;
  /** How scopes may be written, besides the standard list. */
  scopeWords: ScopeWords | undefined;
  /** A new secret, with the prefix that the dialect has for its type. */
  newSecret(type: KeyType, environment: Environment): NewSecret;
  /** The row a new secret is stored as. */
  secretRow(options: NewSecretRow): SecretRow;
  /** The row an imported secret, or the digest of one, is stored as. */
  importedRow(options: ImportedSecretRow): SecretRow;
  /** Something was imported: what looks like no secret of ours may be one from now on. */
  noteImported(): void;
  /** Forgets what memory holds of a key; when it returns, the next request sees the database. */
  invalidate(keyId: string): void;
}

interface RowFields {
  keyId: string;
  keyPrefix: string;
  nowMs: number;
}

interface NewSecretRow extends RowFields {
  secret: string;
}

interface ImportedSecretRow extends RowFields {
  /** SHA-256 of the secret, lower-case hex. */
  digest: string;
  /** Undefined when only the digest is known. */
  secret: string | undefined;
}

/** The context over a database; without `invalidate` nothing is held in memory. */
export function createKeysContext(options: {
  db: Database;
  audit: AuditLog;
  clock: Clock;
  secretHash: KeyedHash;
  importHash: KeyedHash;
  dialect: Pick<Dialect, "prefixes" | "scopeWords">;
  invalidate?: (keyId: string) => void;
  noteImported?: () => void;
}): KeysContext {
  const { db, audit, clock, secretHash, importHash, dialect } = options;
  const { invalidate = () => {}, noteImported = () => {} } = options;
  const rowOf = (hash: string, { keyId, keyPrefix, nowMs }: RowFields): SecretRow => ({
    hash,
    hashOf: "secret",
    importHash: null,
    keyId,
    pepperId: secretHash.id,
    keyPrefix,
    createdAtMs: nowMs,
    runtimeId: null,
    expiresAtMs: null,
    lastUsedAtMs: null,
  });
  return {
    db,
    audit,
    clock,
    invalidate,
    noteImported,
    scopeWords: dialect.scopeWords,
    newSecret: (type, environment) => generateSecret(type, environment, dialect.prefixes),
    secretRow: ({ secret, ...fields }) => rowOf(secretHash.of(secret), fields),
    importedRow: ({ digest, secret, ...fields }) => {
      const ofDigest = importHash.of(digest);
      return secret === undefined
        ? { ...rowOf(ofDigest, fields), hashOf: "sha256", importHash: ofDigest }
        : { ...rowOf(secretHash.of(secret), fields), importHash: ofDigest };
    },
  };
}
