import { type Clock, dayMs, minuteMs } from "../core/clock.ts";
import { describeError, type Logger } from "../core/log.ts";
import type { Database } from "../db/client.ts";
import { findExpiringKeys, tellExpiring } from "./expiring-store.ts";

/** So long before its end a key is called expiring. */
export const keyExpiringWithinMs = 7 * dayMs;
const lookIntervalMs = 5 * minuteMs;
const stopPauseMs = 5;
/** Keys that are told of in one transaction, and of which one look tells. */
const toldAtOnce = 200;
const toldOfLookMax = 10_000;

/** Tells of keys that end soon, once for each key and end: the event `key.expiring`. */
export class ExpiryWatch {
  #timer: Timer | undefined;
  #isLooking = false;

  constructor(
    private readonly options: { db: Database; clock: Clock; log: Logger; wake: () => void },
  ) {}

  /** Looks now, and then every few minutes. */
  start(): void {
    this.#timer = setInterval(() => void this.#tick(), lookIntervalMs);
    void this.#tick();
  }

  /** Resolves when a look under way is over. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    while (this.#isLooking) await Bun.sleep(stopPauseMs);
  }

  /** Tells of those that end soon, as of now. */
  async look(): Promise<void> {
    const { db, clock, wake } = this.options;
    for (let told = 0; told < toldOfLookMax; told += toldAtOnce) {
      const nowMs = clock.nowMs();
      const untilMs = nowMs + keyExpiringWithinMs;
      const ids = await findExpiringKeys(db, { nowMs, untilMs, limit: toldAtOnce });
      if (ids.length === 0) return;
      await tellExpiring(db, ids, nowMs);
      wake();
    }
  }

  async #tick(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      await this.look();
    } catch (error) {
      this.options.log.error("Expiring keys were not told of; that is tried again", {
        error: describeError(error),
      });
    } finally {
      this.#isLooking = false;
    }
  }
}
