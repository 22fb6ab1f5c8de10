import { hkdfSync, randomBytes } from "node:crypto";
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { createKeyedHash, type KeyedHash } from "./keyed-hash.ts";

const rootKeyBytes = 32;
const rootKeyPattern = /^[0-9a-f]{64}\s*$/;

/** Everything derived from the root key; the root key itself goes no further. */
export interface Subkeys {
  /** HMAC-SHA-256 under the pepper: how secrets are stored. */
  secretHash: KeyedHash;
  /**
   * Another: how the SHA-256 digests of imported secrets are stored. With the pepper for both, a client
   * that presents what a digest is hashed as would be taken for the one who has the secret.
   */
  importHash: KeyedHash;
  /** Another: how the tokens of sessions and one-time links are stored. */
  tokenHash: KeyedHash;
  /** Another HMAC key, for fingerprints of idempotency keys and payloads. */
  idempotencyHash: KeyedHash;
  /** AES-256-GCM key for answers kept for a retry. */
  answerKey: Buffer;
  /** Another, for the secrets that webhooks are signed with. */
  webhookKey: Buffer;
}

/** The root key is missing or cannot be used; the message is a sentence for the operator. */
export class RootKeyError extends Error {
  override readonly name = "RootKeyError";
}

/** Reads the root key, 64 hex characters. Throws `RootKeyError` with a sentence for the operator. */
export function readRootKey(path: string): Buffer {
  if (!existsSync(path)) {
    throw new RootKeyError(
      `Root key missing: ${path} does not exist. Every stored secret is hashed under it; ` +
        "put the file back from your backup, or name its place with --root-key-file.",
    );
  }
  const text = readFileSync(path, "utf8");
  if (!rootKeyPattern.test(text)) {
    throw new RootKeyError(`Root key unusable: ${path} must hold 64 hexadecimal characters.`);
  }
  return Buffer.from(text.trim(), "hex");
}

/** Makes a root key with mode 0600. Fails when the file exists: a root key is never overwritten. */
export function createRootKey(path: string): Buffer {
  const key = randomBytes(rootKeyBytes);
  const file = openSync(path, "wx", 0o600);
  try {
    writeSync(file, `${key.toString("hex")}\n`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  return key;
}

/** HKDF-SHA-256 (RFC 5869), one label a purpose, so that no two uses share a key. */
export function deriveSubkeys(rootKey: Buffer): Subkeys {
  const derive = (label: string) =>
    Buffer.from(hkdfSync("sha256", rootKey, "tollgate", label, rootKeyBytes));
  return {
    secretHash: createKeyedHash(derive("pepper:v1")),
    importHash: createKeyedHash(derive("import:v1")),
    tokenHash: createKeyedHash(derive("token:v1")),
    idempotencyHash: createKeyedHash(derive("idempotency:v1")),
    answerKey: derive("answer:v1"),
    webhookKey: derive("webhook:v1"),
  };
}
