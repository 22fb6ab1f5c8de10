import { describeError, type LogFields, type Logger } from "./log.ts";

export interface RepeatingOptions {
  everyMs: number;
  /** When the first run begins; after one interval when it is left out. */
  firstAfterMs?: number;
  run: () => Promise<void>;
  log: Logger;
  /** Logged as an error when runs begin to fail, and not again before one has gone well. */
  failed: string;
  /** Logged when a run goes well after one that failed. */
  recovered: string;
  /** What is logged with a failure besides. */
  details?: () => LogFields;
}

/** Runs a function every so often, never two at a time. A run that fails is followed by the next one. */
export class Repeating {
  #timer: Timer | undefined;
  #first: Timer | undefined;
  #underWay: Promise<void> | undefined;
  #isStopped = false;
  #isFailing = false;

  constructor(private readonly options: RepeatingOptions) {}

  start(): void {
    const { firstAfterMs } = this.options;
    if (firstAfterMs !== undefined) this.#first = setTimeout(() => this.wake(), firstAfterMs);
    this.#timer = setInterval(() => this.wake(), this.options.everyMs);
  }

  /** Begins a run, in this turn; does nothing while one is under way, and after a stop. */
  wake(): void {
    if (!this.#isStopped && !this.isRunning) void this.run();
  }

  /** Runs after a run under way, also after a stop. Resolves when it is over, however it went. */
  async run(): Promise<void> {
    while (this.#underWay !== undefined) await this.#underWay;
    this.#underWay = this.#attempt().finally(() => {
      this.#underWay = undefined;
    });
    await this.#underWay;
  }

  /** No further run begins by itself. Resolves when none is under way; a long one asks `isStopped`. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#first);
    clearInterval(this.#timer);
    await this.#underWay;
  }

  get isStopped(): boolean {
    return this.#isStopped;
  }

  get isRunning(): boolean {
    return this.#underWay !== undefined;
  }

  /** Whether the last run failed. */
  get isFailing(): boolean {
    return this.#isFailing;
  }

  async #attempt(): Promise<void> {
    const { run, log, failed, recovered, details } = this.options;
    try {
      await run();
      if (this.#isFailing) log.info(recovered);
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) log.error(failed, { ...details?.(), error: describeError(error) });
      this.#isFailing = true;
    }
  }
}
