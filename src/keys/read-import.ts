import { Value } from "@sinclair/typebox/value";
import { DomainError, invalidField } from "../core/errors.ts";
import { apparentBits, withoutPrefix } from "../crypto/apparent-entropy.ts";
import { readDigest, sha256Hex } from "../crypto/foreign-secret.ts";
import type { ScopeWords } from "../dialects/dialect.ts";
import { readScopes } from "../dialects/read-scopes.ts";
import { explainFault } from "../http/explain-fault.ts";
import { type ImportKey, ImportKeySchema, importedBitsMin } from "./import-schemas.ts";

/**
 * Characters of an imported secret, or of its digest, that show in lists. Fewer than of our own: what
 * shows is missing from 128 bits here and from 224 there, and a digest that shows in part must not be
 * enough to tell a right guess of a weak secret from a wrong one.
 */
const shownLength = 4;

/** A key to be imported, as far as it can be read without asking what is there. */
export interface ReadKey {
  fields: Omit<ImportKey, "secret" | "sha256">;
  /** SHA-256 of the secret, lower-case hex. */
  digest: string;
  /** Undefined when only the digest was given. */
  secret: string | undefined;
  keyPrefix: string;
}

/**
 * Reads one key of an import, its scopes written as the dialect does. Throws a 422 that names the field and
 * repeats nothing of the secret.
 */
export function readImport(given: unknown, scopeWords: ScopeWords | undefined): ReadKey {
  const { secret, sha256, ...fields } = requireShape(withScopes(given, scopeWords));
  if (secret !== undefined && sha256 !== undefined) {
    throw invalidField("sha256", "Give secret or sha256, not both.");
  }
  if (secret === undefined) {
    if (sha256 === undefined) throw invalidField("secret", "Give secret or sha256.");
    const digest = readDigest(sha256);
    if (digest === undefined) {
      const rule = "Must be a SHA-256 digest: 64 characters of hex, or 43 or 44 of base64.";
      throw invalidField("sha256", rule);
    }
    if (holdsSecretOf(fields, digest)) throw secretElsewhere();
    return { fields, digest, secret, keyPrefix: digest.slice(0, shownLength) };
  }
  requireEntropy(secret);
  // What is shown to everybody who may list keys, and kept in the audit log for good.
  if (JSON.stringify(fields).includes(JSON.stringify(secret).slice(1, -1))) {
    throw secretElsewhere();
  }
  const keyPrefix = withoutPrefix(secret).slice(0, shownLength);
  return { fields, digest: sha256Hex(secret), secret, keyPrefix };
}

/** With columns out of place the secret itself comes as a label or a scope, beside its digest. */
function holdsSecretOf(value: unknown, digest: string): boolean {
  if (typeof value === "string") return sha256Hex(value) === digest;
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).some((inner) => holdsSecretOf(inner, digest));
}

function secretElsewhere(): DomainError {
  return invalidField("label", "The secret stands in another field too.");
}

/** The label for the report; null for what was no label, or holds the secret. */
export function labelOf(given: unknown): string | null {
  const { label, secret, sha256 } = (given ?? {}) as Record<string, unknown>;
  if (!Value.Check(ImportKeySchema.properties.label, label)) return null;
  if (typeof sha256 === "string" && sha256Hex(label) === readDigest(sha256)) return null;
  return typeof secret === "string" && secret !== "" && label.includes(secret) ? null : label;
}

function withScopes(given: unknown, scopeWords: ScopeWords | undefined): unknown {
  if (typeof given !== "object" || given === null || !("scopes" in given)) return given;
  return { ...given, scopes: readScopes(scopeWords, given.scopes) };
}

function requireShape(given: unknown): ImportKey {
  const fault = Value.Errors(ImportKeySchema, given).First();
  if (fault === undefined) return given as ImportKey;
  const message = explainFault(fault);
  if (fault.path === "") throw new DomainError("validation_failed", message);
  throw invalidField(nameOf(fault.path), message);
}

/** A table without its header line, or with its columns swapped, makes names of secrets. */
function nameOf(path: string): string {
  const name = path.slice(1).replaceAll("/", ".");
  if (Object.hasOwn(ImportKeySchema.properties, name)) return name;
  return /^[a-z_]{1,30}(?:\.[a-z0-9_]{1,30})?$/.test(name) ? name : "a field";
}

function requireEntropy(secret: string): void {
  const bits = apparentBits(secret);
  if (bits >= importedBitsMin) return;
  throw invalidField(
    "secret",
    `Has ${bits} bits of apparent entropy; ${importedBitsMin} are needed. Replace the key, or import its digest if you know better.`,
  );
}
