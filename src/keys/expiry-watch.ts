import { type Clock, dayMs, minuteMs } from "../core/clock.ts";
import type { Logger } from "../core/log.ts";
import { Repeating } from "../core/repeating.ts";
import type { Database } from "../db/client.ts";
import { findExpiringKeys, tellExpiring } from "./expiring-store.ts";

/** So long before its end a key is called expiring. */
export const keyExpiringWithinMs = 7 * dayMs;
const lookIntervalMs = 5 * minuteMs;
/** Keys that are told of in one transaction, and of which one look tells. */
const toldAtOnce = 200;
const toldOfLookMax = 10_000;

/** Tells of keys that end soon, once for each key and end: the event `key.expiring`. */
export class ExpiryWatch {
  readonly #looks: Repeating;

  constructor(
    private readonly options: { db: Database; clock: Clock; log: Logger; wake: () => void },
  ) {
    this.#looks = new Repeating({
      everyMs: lookIntervalMs,
      run: () => this.look(),
      log: options.log,
      failed: "Expiring keys were not told of; that is tried again",
      recovered: "Expiring keys are told of again",
    });
  }

  /** Looks now, and then every few minutes. */
  start(): void {
    this.#looks.start();
    this.#looks.wake();
  }

  /** Resolves when a look under way is over. */
  stop(): Promise<void> {
    return this.#looks.stop();
  }

  /** Tells of those that end soon, as of now. */
  async look(): Promise<void> {
    const { db, clock, wake } = this.options;
    for (let told = 0; told < toldOfLookMax && !this.#looks.isStopped; told += toldAtOnce) {
      const nowMs = clock.nowMs();
      const untilMs = nowMs + keyExpiringWithinMs;
      const ids = await findExpiringKeys(db, { nowMs, untilMs, limit: toldAtOnce });
      if (ids.length === 0) return;
      await tellExpiring(db, ids, nowMs);
      wake();
    }
  }
}
