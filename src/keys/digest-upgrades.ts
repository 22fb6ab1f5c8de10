import { describeError, type Logger } from "../core/log.ts";
import type { Database } from "../db/client.ts";
import { storeUpgrades, type Upgrade } from "./import-store.ts";

/** Secrets that may wait to be stored anew; one more is left for the next time it is read. */
const pendingMax = 10_000;
/** Secrets in one statement. */
const batchSize = 500;

/**
 * Stores imported digests under the hash of the secret, once that was presented. It works behind the
 * requests, which neither wait for it nor fail with it: a secret that could not be stored anew is found
 * by its digest as before, and tried again when it is next read from the database.
 */
export class DigestUpgrades {
  /** By the hash of the digest, so that one secret that came many times at once is one change. */
  #pending = new Map<string, Upgrade>();
  #running: Promise<void> | undefined;

  constructor(
    private readonly db: Database,
    private readonly log: Logger,
    private readonly invalidate: (keyId: string) => void,
  ) {}

  /** Notes that a secret was found by its digest. */
  note(upgrade: Upgrade): void {
    if (this.#pending.size >= pendingMax) return;
    this.#pending.set(upgrade.hash, upgrade);
    this.#running ??= this.#runAll();
  }

  /** Resolves when nothing waits. */
  async stop(): Promise<void> {
    await this.#running;
  }

  async #runAll(): Promise<void> {
    while (this.#pending.size > 0) {
      const batch = [...this.#pending.values()].slice(0, batchSize);
      try {
        await storeUpgrades(this.db, batch);
        // What memory holds of the key still names the old hash.
        for (const { keyId } of batch) this.invalidate(keyId);
      } catch (error) {
        this.log.error("Imported digests could not be stored anew; they go on as they are", {
          digests: batch.length,
          error: describeError(error),
        });
      }
      for (const { hash } of batch) this.#pending.delete(hash);
    }
    // In the same turn as the last look at what waits: what is noted after it begins a new run.
    this.#running = undefined;
  }
}
