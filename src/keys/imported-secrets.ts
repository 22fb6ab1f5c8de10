import { isForeignSecret, sha256Hex } from "../crypto/foreign-secret.ts";
import type { Subkeys } from "../crypto/root-key.ts";
import { isWellFormedSecret } from "../crypto/secret-format.ts";
import type { Database } from "../db/client.ts";
import { hasImportedSecrets } from "./import-store.ts";

type SecretHashes = Pick<Subkeys, "secretHash" | "importHash">;

/**
 * Knows whether anything was ever imported here. As long as nothing was, only what has the form of our
 * own secrets is looked up, and under one hash. After that anything that may be a secret of another
 * service is, and under a second hash, which imported digests are stored as.
 */
export class ImportedSecrets {
  #exist = false;

  constructor(
    private readonly db: Database,
    private readonly hashes: SecretHashes,
  ) {}

  /** Looks whether something was imported, by this process or another. Once it was, it asks no more. */
  async check(): Promise<void> {
    if (!this.#exist) this.#exist = await hasImportedSecrets(this.db);
  }

  /** Something was imported: it can be presented before the import is answered. */
  note(): void {
    this.#exist = true;
  }

  /** Whether a text is worth a look-up; junk is thrown out before one. */
  mayBeSecret(text: string): boolean {
    return isWellFormedSecret(text) || (this.#exist && isForeignSecret(text));
  }

  /** What a secret may be stored under: the hash of itself and, after an import, of its digest. */
  hashesOf(secret: string): string[] {
    const own = this.hashes.secretHash.of(secret);
    return this.#exist ? [own, this.hashes.importHash.of(sha256Hex(secret))] : [own];
  }
}
