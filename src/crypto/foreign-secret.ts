import { createHash } from "node:crypto";

/** Characters of an imported secret. */
export const foreignSecretLengthMin = 16;
export const foreignSecretLengthMax = 512;

/**
 * What a secret of another service may look like: visible ASCII, which a header can carry. A comma ends
 * a credential in a header, so it is in none.
 */
export const foreignSecretPattern = "^[\\x21-\\x2b\\x2d-\\x7e]{16,512}$";
const foreignSecret = new RegExp(foreignSecretPattern);

/** True when the text may be a secret that was imported: nothing more is known of its form. */
export function isForeignSecret(text: string): boolean {
  return foreignSecret.test(text);
}

const hexDigest = /^[0-9a-f]{64}$/i;
const base64Digest = /^[A-Za-z0-9+/_-]{43}=?$/;
const digestBytes = 32;

/** A SHA-256 digest as lower-case hex, from hex, base64 or base64url; undefined for anything else. */
export function readDigest(text: string): string | undefined {
  if (hexDigest.test(text)) return text.toLowerCase();
  if (!base64Digest.test(text)) return undefined;
  const bytes = Buffer.from(text, "base64");
  // 43 characters hold two bits more than a digest has; those are zero, or it is something else.
  const isWhole = bytes.length === digestBytes && bytes.toString("base64url") === urlSafe(text);
  return isWhole ? bytes.toString("hex") : undefined;
}

/** The SHA-256 digest of a secret, as lower-case hex. */
export function sha256Hex(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

function urlSafe(text: string): string {
  return text.replace("=", "").replaceAll("+", "-").replaceAll("/", "_");
}
