import { type Clock, dayMs, hourMs } from "../core/clock.ts";
import type { Logger } from "../core/log.ts";
import { Repeating } from "../core/repeating.ts";
import { type UsageInterval, usageIntervals } from "../core/usage.ts";
import type { Database } from "../db/client.ts";
import { forgetSome, raiseFloors, readProgress, rollUp } from "./rollup-store.ts";

const rollIntervalMs = 1_000;
const forgetIntervalMs = hourMs;
/** Entries of the ledger that one transaction takes. */
const entriesAtMost = 2_000;
const entriesAtLeast = 100;
/** Rows of rollups that one transaction is to write: some milliseconds of the writing thread, which charges share. */
const rowsAtOnce = 400;

/** Days for which usage is kept, by how fine it is. */
export type UsageKeptDays = Readonly<Record<UsageInterval, number>>;

/**
 * Brings the rollups after the ledger, some entries at a time, and deletes what is kept no longer. Answers add
 * the ledger's end to the rollups themselves, so nobody waits for it, and it may be stopped at any moment.
 */
export class UsageRoller {
  readonly #rolls: Repeating;
  #forgottenMs: number | undefined;
  #entriesAtOnce = entriesAtLeast;
  /** Entries of the ledger that were taken since the start. */
  rolled = 0;
  /** Entries of the ledger that were not yet taken when it last looked. */
  lag = 0;

  constructor(
    private readonly options: {
      db: Database;
      clock: Clock;
      log: Logger;
      keptDays: UsageKeptDays;
    },
  ) {
    this.#rolls = new Repeating({
      everyMs: rollIntervalMs,
      run: () => this.roll(),
      log: options.log,
      failed: "Usage could not be rolled up; it is tried again",
      recovered: "Usage is rolled up again",
    });
  }

  start(): void {
    this.#rolls.start();
  }

  /** Resolves when no transaction of it is under way. */
  stop(): Promise<void> {
    return this.#rolls.stop();
  }

  /** Takes everything there is, batch after batch; between two, other writes get their turn. */
  async roll(): Promise<void> {
    const { db } = this.options;
    await this.#forgetHourly();
    for (;;) {
      const { cursor, newest } = await readProgress(db);
      this.lag = newest - cursor;
      if (this.lag <= 0 || this.#rolls.isStopped) return;
      const upTo = Math.min(newest, cursor + this.#entriesAtOnce);
      const rows = await rollUp(db, { cursor, upTo });
      if (rows !== undefined) {
        this.rolled += upTo - cursor;
        this.#adapt(upTo - cursor, rows);
      }
      await new Promise(setImmediate);
    }
  }

  /** Deletes what is kept no longer, some rows at a time. */
  async forget(): Promise<void> {
    const { db, clock, keptDays } = this.options;
    const { minute, hour, day } = keptDays;
    const keptMs = { minute: minute * dayMs, hour: hour * dayMs, day: day * dayMs };
    await raiseFloors(db, { nowMs: clock.nowMs(), keptMs });
    for (const interval of usageIntervals) {
      while (!this.#rolls.isStopped && (await forgetSome(db, interval))) {
        await new Promise(setImmediate);
      }
    }
  }

  /** Before the first batch too: what is not kept is not rolled up either. */
  async #forgetHourly(): Promise<void> {
    const nowMs = this.options.clock.monotonicMs();
    if (this.#forgottenMs !== undefined && nowMs - this.#forgottenMs < forgetIntervalMs) return;
    await this.forget();
    this.#forgottenMs = nowMs;
  }

  /** Few keys make few rows of many entries; many keys up to three rows of each. */
  #adapt(entries: number, rows: number): void {
    const fitting = Math.round((entries * rowsAtOnce) / Math.max(rows, 1));
    const atMost = Math.min(entriesAtMost, 2 * this.#entriesAtOnce);
    this.#entriesAtOnce = Math.max(entriesAtLeast, Math.min(atMost, fitting));
  }
}
