import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

const nonceBytes = 12;
const tagBytes = 16;

/**
 * AES-256-GCM. `context` is bound as additional data and `salt` into the key, so that a sealed text
 * moved to another row, or one flipped bit, fails to open (NIST SP 800-38D).
 */
export function seal(key: Buffer, salt: string, context: string, text: string): string {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv("aes-256-gcm", rowKey(key, salt), nonce);
  cipher.setAAD(Buffer.from(context));
  const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), body]).toString("base64url");
}

/** The inverse of `seal`; throws when anything does not fit. */
export function unseal(key: Buffer, salt: string, context: string, sealed: string): string {
  const bytes = Buffer.from(sealed, "base64url");
  const nonce = bytes.subarray(0, nonceBytes);
  const decipher = createDecipheriv("aes-256-gcm", rowKey(key, salt), nonce);
  decipher.setAAD(Buffer.from(context));
  decipher.setAuthTag(bytes.subarray(nonceBytes, nonceBytes + tagBytes));
  const body = bytes.subarray(nonceBytes + tagBytes);
  return Buffer.concat([decipher.update(body), decipher.final()]).toString("utf8");
}

function rowKey(key: Buffer, salt: string): Buffer {
  return Buffer.from(hkdfSync("sha256", key, salt, "row", 32));
}
