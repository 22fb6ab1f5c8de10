import type { LogFields, Logger } from "../core/log.ts";
import { Repeating } from "../core/repeating.ts";

/**
 * Saves what is counted in memory behind the requests, every so often. A save that fails keeps what it
 * could not save and is tried again with the next; there is never more than one under way.
 */
export abstract class Saver {
  protected readonly saves: Repeating;

  constructor(options: {
    everyMs: number;
    /** What is saved, as the log names it. */
    what: string;
    log: Logger;
    details: () => LogFields;
  }) {
    const { what, ...others } = options;
    this.saves = new Repeating({
      ...others,
      run: () => this.saveAll(),
      failed: `${what} could not be saved; they stay in memory and are tried again`,
      recovered: `${what} are saved again`,
    });
  }

  start(): void {
    this.saves.start();
  }

  /** Saves what is unsaved now, after a save under way. Resolves when it is done, or has failed. */
  save(): Promise<void> {
    return this.saves.run();
  }

  /** The last save. Returns false when something could not be saved. */
  async stop(): Promise<boolean> {
    await this.saves.stop();
    await this.save();
    return this.isAllSaved;
  }

  protected abstract get isAllSaved(): boolean;

  /** Takes what is unsaved and saves it; takes back what could not be saved, and throws. */
  protected abstract saveAll(): Promise<void>;
}
