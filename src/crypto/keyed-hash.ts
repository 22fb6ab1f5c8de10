import { createHash } from "node:crypto";

export interface KeyedHash {
  /** Tells which key made a hash, without telling the key: stored beside each hash. */
  readonly id: string;
  /** HMAC-SHA-256 (RFC 2104) of the text, base64url. */
  of(text: string): string;
}

/**
 * A keyed hash for long random strings. A slow hash would add nothing against guessing 224 random
 * bits and would hand anybody with a script a way to burn the CPU; the key keeps a stolen database
 * file from confirming a guess.
 */
export function createKeyedHash(key: Uint8Array): KeyedHash {
  return {
    id: createHash("sha256").update("key id").update(key).digest("hex").slice(0, 16),
    of: (text) => new Bun.CryptoHasher("sha256", key).update(text).digest("base64url"),
  };
}
