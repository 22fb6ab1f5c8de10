import { DomainError } from "../core/errors.ts";
import type { LoadedSecret } from "./live-key-row.ts";

/** Secrets looked up by one query. */
const batchMax = 128;
/** Look-ups that may wait; one more is answered 503. */
const waitingMax = 10_000;

/** What was read, and the version of the table's knowledge that held when the query ran. */
export interface ColdRead {
  secret: LoadedSecret | undefined;
  version: number;
}

type Waiter = {
  hashes: readonly string[];
  resolve: (read: ColdRead) => void;
  reject: (error: unknown) => void;
};

/**
 * Gathers the look-ups of one turn of the event loop into one query: a statement costs ten times
 * what a further row in it does.
 */
export class ColdReader {
  #waiting: Waiter[] = [];

  constructor(
    private readonly loadSecrets: (hashes: string[]) => Promise<LoadedSecret[]>,
    private readonly currentVersion: () => number,
  ) {}

  /**
   * The secret under the first of the hashes that is there. They are in one query, which sees one moment
   * of the database: a row that moves from one hash to another meanwhile is found all the same.
   */
  read(hashes: readonly string[]): Promise<ColdRead> {
    if (this.#waiting.length >= waitingMax) {
      const options = { retryAfterSeconds: 1 };
      return Promise.reject(new DomainError("overloaded", "Too many look-ups wait.", options));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ hashes, resolve, reject });
      if (this.#waiting.length === 1) setImmediate(() => void this.#readSome());
    });
  }

  /** One batch, and the rest in the next turn: between two, other requests are answered. */
  async #readSome(): Promise<void> {
    const batch = this.#waiting.splice(0, batchMax);
    if (this.#waiting.length > 0) setImmediate(() => void this.#readSome());
    await this.#readBatch(batch);
  }

  async #readBatch(batch: Waiter[]): Promise<void> {
    try {
      const version = this.currentVersion();
      const loaded = await this.loadSecrets(batch.flatMap((waiter) => waiter.hashes));
      const byHash = new Map(loaded.map((secret) => [secret.hash, secret]));
      for (const waiter of batch) {
        const found = waiter.hashes.find((hash) => byHash.has(hash));
        waiter.resolve({ secret: found === undefined ? undefined : byHash.get(found), version });
      }
    } catch (error) {
      for (const waiter of batch) waiter.reject(error);
    }
  }
}
