import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/log.ts";
import { Repeating } from "../core/repeating.ts";
import type { Database } from "../db/client.ts";
import type { WindowClock } from "../limits/window-clock.ts";
import { findOverdueGrants, findOverdueHolds } from "./hold-store.ts";
import type { Ledger } from "./ledger.ts";
import { end, expireGrants } from "./movements.ts";

const sweepIntervalMs = 1_000;
/** Holds, and organizations with granted credits, that one sweep looks at. */
const sweptMax = 256;

/**
 * Ends what is overdue. A hold whose time has passed is released: it costs nothing, and can be settled no
 * more. So what a crash left open is resolved by its own end, at the latest by the first sweep after the
 * start. Credits that were granted until a day are taken back when it has come.
 */
export class Sweeper {
  readonly #sweeps: Repeating;

  constructor(
    private readonly options: {
      db: Database;
      clock: Clock;
      windowClock: WindowClock;
      ledger: Ledger;
      log: Logger;
    },
  ) {
    this.#sweeps = new Repeating({
      everyMs: sweepIntervalMs,
      run: () => this.sweep(),
      log: options.log,
      failed: "Overdue holds were not ended; they are tried again",
      recovered: "Overdue holds are ended again",
    });
  }

  start(): void {
    this.#sweeps.start();
  }

  /** Resolves when a sweep under way is over. */
  stop(): Promise<void> {
    return this.#sweeps.stop();
  }

  /** Ends what is overdue now. */
  async sweep(): Promise<void> {
    const { db, clock, windowClock, ledger } = this.options;
    const windowMs = windowClock.nowMs();
    const holdIds = await findOverdueHolds(db, { windowMs, limit: sweptMax });
    const organizationIds = await findOverdueGrants(db, {
      wallMs: clock.nowMs(),
      limit: sweptMax,
    });
    await Promise.all([
      ...holdIds.map((holdId) =>
        ledger.move({
          about: { holdId },
          apply: (state, at) => {
            const open = state.holds.get(holdId);
            // Settled or released since it was found.
            if (open?.state === "open") end(state, open, "expired", at);
          },
        }),
      ),
      ...organizationIds.map((organizationId) =>
        ledger.move({
          about: { organizationId },
          apply: (state, at) => expireGrants(state, organizationId, at),
        }),
      ),
    ]);
  }
}
