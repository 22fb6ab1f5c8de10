import { describeError, type Logger } from "../core/log.ts";
import type { LiveKey, LiveSecret } from "../keys/live-key.ts";
import type { SavedUsage, UsageStore } from "./usage-store.ts";

/** How often counters and last-used times go to the database. */
export const saveIntervalMs = 1_000;
/** Keys saved by one transaction: some milliseconds of the writing thread. */
const batchMax = 1_000;
/** So many unsaved keys are saved at once: keys cannot leave memory before they are. */
const unsavedMax = 2_000;

/**
 * Saves counters and last-used times in batches. Memory is the truth while the process runs; what
 * a kill can lose is what one interval counted. A save that fails is tried again with the next.
 */
export class WriteBehind {
  #unsaved: LiveKey[] = [];
  #unsavedSecrets = new Set<LiveSecret>();
  #timer: Timer | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(
    private readonly store: UsageStore,
    private readonly log: Logger,
  ) {}

  /** Notes that a key was counted. Called for each request: it must stay this short. */
  note(secret: LiveSecret): void {
    const { live } = secret;
    if (!live.unsaved) {
      live.unsaved = true;
      this.#unsaved.push(live);
      if (this.#unsaved.length === unsavedMax) void this.save();
    }
    if (secret.expiresAtMs !== null) this.#unsavedSecrets.add(secret);
  }

  get unsavedCount(): number {
    return this.#unsaved.length;
  }

  start(): void {
    this.#timer = setInterval(() => void this.save(), saveIntervalMs);
  }

  /** Saves what is unsaved now, after any save under way. Resolves when it is done, or has failed. */
  save(): Promise<void> {
    this.#running = this.#running.then(() => this.#saveAll());
    return this.#running;
  }

  /** The last save. Returns false when something could not be saved. */
  async stop(): Promise<boolean> {
    clearInterval(this.#timer);
    await this.save();
    return this.#unsaved.length === 0;
  }

  async #saveAll(): Promise<void> {
    await this.#saveSecrets();
    const keys = this.#unsaved;
    this.#unsaved = [];
    for (let at = 0; at < keys.length; at += batchMax) {
      const batch = keys.slice(at, at + batchMax);
      if (await this.#saveBatch(batch)) continue;
      this.#takeBack(keys.slice(at));
      return;
    }
  }

  async #saveBatch(batch: LiveKey[]): Promise<boolean> {
    for (const live of batch) {
      live.unsaved = false;
      live.saving = true;
    }
    try {
      await this.store.saveUsage(batch.map(toSaved));
      return true;
    } catch (error) {
      this.log.error("Counters could not be saved; they stay in memory", {
        error: describeError(error),
      });
      return false;
    } finally {
      for (const live of batch) live.saving = false;
    }
  }

  /** Puts keys back whose save failed or never began; some may be noted again already. */
  #takeBack(keys: LiveKey[]): void {
    const noted = new Set(this.#unsaved);
    for (const live of keys) {
      live.unsaved = true;
      if (!noted.has(live)) this.#unsaved.push(live);
    }
  }

  async #saveSecrets(): Promise<void> {
    const secrets = [...this.#unsavedSecrets];
    this.#unsavedSecrets.clear();
    try {
      await this.store.saveSecretUse(secrets);
    } catch (error) {
      for (const secret of secrets) this.#unsavedSecrets.add(secret);
      this.log.error("Last uses of rotated secrets could not be saved", {
        error: describeError(error),
      });
    }
  }
}

function toSaved(live: LiveKey): SavedUsage {
  const { minuteWindow, minuteCount, dayWindow, dayCount, requestsTotal } = live.counters;
  const { id: keyId, lastUsedAtMs } = live;
  return { keyId, minuteWindow, minuteCount, dayWindow, dayCount, requestsTotal, lastUsedAtMs };
}
