import { randomBytes } from "node:crypto";
import { type Environment, environments, type KeyType, keyTypes } from "../core/key-types.ts";
import type { PrefixTable } from "../dialects/dialect.ts";
import { knownPrefixes } from "../dialects/index.ts";
import { standard } from "../dialects/standard.ts";

export { type Environment, environments, type KeyType, keyTypes };

/** The types that somebody can choose; runtimes get their secrets by registering. */
export const lastingKeyTypes = ["workspace", "user", "management"] as const;
export type LastingKeyType = (typeof lastingKeyTypes)[number];

/** What the keyed hash of a secret was made of: the secret, or the SHA-256 digest it was imported as. */
export const hashedForms = ["secret", "sha256"] as const;

/** Body: 8 shown + 48 random + 8 checksum, all lower-case hex. 28 random bytes are 224 bits. */
const randomBytesCount = 28;
const shownLength = 8;
const checksumLength = 8;
const bodyPattern = /^[0-9a-f]{64}$/;
const bodyLength = 64;

export interface NewSecret {
  /** The whole string; it leaves the process once and is stored nowhere. */
  secret: string;
  /** The 8 characters after the prefix, for lists. */
  keyPrefix: string;
}

/** A new secret: `<prefix><56 random hex><CRC-32 of everything before, 8 hex>`, standard unless said. */
export function generateSecret(
  type: KeyType,
  environment: Environment,
  prefixes: PrefixTable = standard.prefixes,
): NewSecret {
  const random = randomBytes(randomBytesCount).toString("hex");
  return {
    secret: completeSecret(prefixes[type][environment], random),
    keyPrefix: random.slice(0, shownLength),
  };
}

/** The secret of a prefix and 56 characters of hex: its checksum is added. */
export function completeSecret(prefix: string, random: string): string {
  return prefix + random + checksum(prefix + random);
}

/**
 * True when the text has a prefix of any dialect, the right alphabet and length, and a checksum that fits.
 * It throws typing errors and junk out before any look-up and is no security by itself.
 */
export function isWellFormedSecret(text: string): boolean {
  const prefixLength = text.length - bodyLength;
  if (prefixLength < 1 || !knownPrefixes.has(text.slice(0, prefixLength))) return false;
  if (!bodyPattern.test(text.slice(prefixLength))) return false;
  return checksum(text.slice(0, -checksumLength)) === text.slice(-checksumLength);
}

function checksum(text: string): string {
  return Bun.hash.crc32(text).toString(16).padStart(checksumLength, "0");
}
