import type { Logger } from "../core/log.ts";
import type { LiveKey, LiveSecret } from "../keys/live-key.ts";
import { Saver } from "./saver.ts";
import type { SavedUsage, UsageStore } from "./usage-store.ts";

/** How often counters and last-used times go to the database. */
const saveIntervalMs = 1_000;
/** Keys saved by one transaction: some milliseconds of the writing thread. */
const batchSize = 1_000;
/** So many unsaved keys are saved without waiting: a key cannot leave memory before it is saved. */
const unsavedSoon = 500;

/**
 * Saves counters and last-used times in batches. Memory is the truth while the process runs; what a
 * kill can lose is what was counted since the last save. A save that fails is tried again with the
 * next, and there is never more than one under way.
 */
export class WriteBehind extends Saver {
  #unsaved: LiveKey[] = [];
  /** The last use of secrets in their grace period, by hash. */
  #secretUses = new Map<string, number>();

  constructor(
    private readonly store: UsageStore,
    log: Logger,
  ) {
    super({
      everyMs: saveIntervalMs,
      what: "Counters",
      log,
      details: () => ({ keys: this.#unsaved.length }),
    });
  }

  /** Notes that a key was counted. Called for each request: it must stay this short. */
  note(secret: LiveSecret): void {
    const { live } = secret;
    if (!live.unsaved) {
      live.unsaved = true;
      this.#unsaved.push(live);
      if (this.#unsaved.length >= unsavedSoon) this.saves.wake();
    }
    if (secret.expiresAtMs !== null) this.#secretUses.set(secret.hash, live.lastUsedAtMs);
  }

  /** Keys whose counters wait to be saved. */
  get unsavedCount(): number {
    return this.#unsaved.length;
  }

  protected override get isAllSaved(): boolean {
    return this.#unsaved.length === 0 && this.#secretUses.size === 0;
  }

  protected override async saveAll(): Promise<void> {
    const keys = this.#unsaved;
    const uses = this.#secretUses;
    this.#unsaved = [];
    this.#secretUses = new Map();
    let saved = 0;
    try {
      await this.store.saveSecretUse(uses);
      uses.clear();
      while (saved < keys.length) {
        await this.#saveBatch(keys.slice(saved, saved + batchSize));
        saved += batchSize;
      }
    } catch (error) {
      this.#takeBack(keys.slice(saved), uses);
      throw error;
    }
  }

  async #saveBatch(batch: LiveKey[]): Promise<void> {
    for (const live of batch) {
      live.unsaved = false;
      live.saving = true;
    }
    try {
      await this.store.saveUsage(batch.map(toSaved));
    } finally {
      for (const live of batch) live.saving = false;
    }
  }

  /** Puts back what was not saved. Some of it may be noted again already, and newer. */
  #takeBack(keys: LiveKey[], uses: ReadonlyMap<string, number>): void {
    const noted = new Set(this.#unsaved);
    for (const live of keys) {
      live.unsaved = true;
      if (!noted.has(live)) this.#unsaved.push(live);
    }
    for (const [hash, lastUsedAtMs] of uses) {
      if (!this.#secretUses.has(hash)) this.#secretUses.set(hash, lastUsedAtMs);
    }
  }
}

function toSaved(live: LiveKey): SavedUsage {
  const { minuteWindow, minuteCount, dayWindow, dayCount, requestsTotal } = live.counters;
  const { id: keyId, lastUsedAtMs } = live;
  return { keyId, minuteWindow, minuteCount, dayWindow, dayCount, requestsTotal, lastUsedAtMs };
}
