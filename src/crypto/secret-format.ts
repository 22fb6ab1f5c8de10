import { randomBytes } from "node:crypto";

export const keyTypes = ["workspace", "user", "runtime", "management"] as const;
export type KeyType = (typeof keyTypes)[number];

/** The types that somebody can choose; runtimes get their secrets by registering. */
export const lastingKeyTypes = ["workspace", "user", "management"] as const;
export type LastingKeyType = (typeof lastingKeyTypes)[number];

export const environments = ["live", "test"] as const;
export type Environment = (typeof environments)[number];

/** What the keyed hash of a secret was made of: the secret, or the SHA-256 digest it was imported as. */
export const hashedForms = ["secret", "sha256"] as const;

/** Body: 8 shown + 48 random + 8 checksum, all lower-case hex. 28 random bytes are 224 bits. */
const randomBytesCount = 28;
const shownLength = 8;
const checksumLength = 8;
const bodyPattern = /^[0-9a-f]{64}$/;
const bodyLength = 64;

/** The standard prefix table. Only workspace keys say their environment. */
const prefixes: Record<KeyType, Record<Environment, string>> = {
  workspace: { live: "sk_live_", test: "sk_test_" },
  user: { live: "usk_", test: "usk_" },
  runtime: { live: "rtk_", test: "rtk_" },
  management: { live: "mk_", test: "mk_" },
};

const knownPrefixes = new Set(Object.values(prefixes).flatMap((table) => Object.values(table)));

export interface NewSecret {
  /** The whole string; it leaves the process once and is stored nowhere. */
  secret: string;
  /** The 8 characters after the prefix, for lists. */
  keyPrefix: string;
}

/** A new secret: `<prefix><56 random hex><CRC-32 of everything before, 8 hex>`. */
export function generateSecret(type: KeyType, environment: Environment): NewSecret {
  const prefix = prefixes[type][environment];
  const random = randomBytes(randomBytesCount).toString("hex");
  return {
    secret: prefix + random + checksum(prefix + random),
    keyPrefix: random.slice(0, shownLength),
  };
}

/**
 * True when the text has a known prefix, the right alphabet and length, and a checksum that fits.
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
