import type { Clock } from "../core/clock.ts";
import { DomainError } from "../core/errors.ts";
import type { Alongside, Database } from "../db/client.ts";
import { databaseClosed } from "../db/database-error.ts";
import { isOvertaken } from "../db/write-guard.ts";
import type { WindowClock } from "../limits/window-clock.ts";
import type { Consequences } from "./credit-events.ts";
import { LedgerCache } from "./ledger-cache.ts";
import type { LedgerState } from "./ledger-state.ts";
import { findCharged, type LedgerKeys, readState } from "./ledger-store.ts";
import { commitState, isWritten } from "./ledger-write-store.ts";
import type { Instant, Request } from "./movements.ts";
import { type Shortage, shortageOf } from "./shortage.ts";

/** Changes that share one commit. */
export const ledgerBatchMax = 256;
/** Changes that may wait; one more is answered 503. */
export const ledgerQueueMax = 10_000;
/** Tries of one batch against other processes that change the same accounts. */
const attemptsMax = 20;
/** How often a stop looks whether the last batch is done. */
const stopPauseMs = 5;

/** One change of the ledger: what it is about, and what it makes of the state. */
export interface Movement<T> {
  about: { organizationId?: string; keyId?: string; holdId?: string; request?: Request };
  /** Works on the state alone: it neither waits nor writes, and may be run again. */
  apply: (state: LedgerState, at: Instant) => T;
  /** What belongs to the transaction besides, told what `apply` returned. */
  alongside?: ((result: T) => Alongside) | undefined;
}

interface Waiting {
  movement: Movement<unknown>;
  resolve: (result: unknown) => void;
  reject: (error: unknown) => void;
}

/**
 * Changes the ledger, in batches: what arrives while a commit is under way goes into the next one, so
 * that many charges share one synced transaction (group commit). An answer is given after it.
 *
 * A batch reads the accounts, limits and holds it is about, works out its changes one after the other in
 * memory, and writes what comes out if no account has moved on since (its `version`): one conditional
 * write decides. What is kept between two batches is a copy of what was written.
 */
export class Ledger {
  #waiting: Waiting[] = [];
  /** What waits for a pause between two batches. */
  #alone: (() => Promise<void>)[] = [];
  #isRunning = false;
  #isStopping = false;
  #cache = new LedgerCache();
  commits = 0;
  movements = 0;

  constructor(
    private readonly options: {
      db: Database;
      clock: Clock;
      windowClock: WindowClock;
      /** Changes when a limit may have changed, or to whom a key belongs. */
      limitsVersion: () => number;
      /** Told after each commit what has become of accounts and spends. */
      onCommitted?: (state: LedgerState) => void;
      /** Says what else belongs to the commit, by what was changed and refused. */
      follow?: (state: LedgerState, at: Instant) => Consequences;
    },
  ) {}

  /** Resolves with what the movement came to, when it is on the disk. */
  move<T>(movement: Movement<T>): Promise<T> {
    if (this.#isStopping) return Promise.reject(databaseClosed());
    if (this.#waiting.length >= ledgerQueueMax) return Promise.reject(tooManyWait());
    return new Promise<T>((resolve, reject) => {
      const waiting = { movement, resolve, reject } as unknown as Waiting;
      this.#waiting.push(waiting);
      this.#run();
    });
  }

  /** What would be left for a key to spend, by the same reading and rules; nothing is changed. */
  async shortage(keyId: string, micros: number): Promise<Shortage | undefined> {
    const state = await readState(this.options.db, keysOf([{ about: { keyId }, apply: () => {} }]));
    const key = state.keys.get(keyId);
    if (key === undefined) return undefined;
    return shortageOf(state, key, { micros, atMs: this.#now().windowMs });
  }

  /** The names of those requests (`requestName`) that were charged before. */
  findCharged(requests: readonly Omit<Request, "subject">[]): Promise<ReadonlySet<string>> {
    return findCharged(this.options.db, requests);
  }

  /**
   * Does work that changes an account by other means, between two batches: in one process nobody overtakes
   * anybody. Rejects with what the work throws.
   */
  alone<T>(organizationId: string, work: () => Promise<T>): Promise<T> {
    if (this.#isStopping) return Promise.reject(databaseClosed());
    if (this.#alone.length >= ledgerQueueMax) return Promise.reject(tooManyWait());
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#alone.push(async () => {
      await work().then(resolve, reject);
      this.#cache.forgetOrganization(organizationId);
    });
    this.#run();
    return promise;
  }

  #run(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    // In a turn of its own: what else arrives in this one shares the commit.
    setImmediate(() => void this.#runAll());
  }

  async #runAll(): Promise<void> {
    while (this.#waiting.length + this.#alone.length > 0) {
      // One at a time, so that many of them do not keep the charges waiting.
      await this.#alone.shift()?.();
      if (this.#waiting.length > 0) {
        await this.#runBatch(this.#waiting.splice(0, ledgerBatchMax));
      }
      // Answers go out and requests come in before the next commit begins, and share it.
      await new Promise(setImmediate);
    }
    this.#isRunning = false;
  }

  /** A batch that fails as a whole is tried one by one: a fault of one is not the others'. */
  async #runBatch(batch: Waiting[]): Promise<void> {
    try {
      const results = await this.#commit(batch.map(({ movement }) => movement));
      batch.forEach(({ resolve }, at) => {
        resolve(results[at]);
      });
    } catch (error) {
      const [only] = batch;
      // What may have been made must not be made again.
      if (error instanceof OutcomeUnknown) for (const one of batch) one.reject(error.cause);
      else if (batch.length === 1 && only !== undefined) only.reject(error);
      else for (const one of batch) await this.#runBatch([one]);
    }
  }

  async #commit(movements: readonly Movement<unknown>[]): Promise<unknown[]> {
    for (let attempt = 1; ; attempt++) {
      const version = this.options.limitsVersion();
      this.#cache.useOnlyOf(version);
      const { state, at, results } = await this.#work(movements);
      const alongside = movements.flatMap((one, index) => one.alongside?.(results[index]) ?? []);
      const follow = this.options.follow?.(state, at);
      const [first, ...rest] = [
        ...commitState(this.options.db, state),
        ...alongside,
        ...(follow?.statements ?? []),
      ];
      if (first === undefined) return results;
      try {
        await this.options.db.write.batch([first, ...rest]);
      } catch (error) {
        // Whatever was written or not: what is in the file is read again.
        this.#cache.forget();
        if (isOvertaken(error)) {
          if (attempt >= attemptsMax) throw changesTooFast(error);
          continue;
        }
        if (!(await this.#isWritten(state, error))) throw error;
      }
      if (version === this.options.limitsVersion()) this.#cache.keep(state);
      this.commits++;
      this.movements += movements.length;
      try {
        this.options.onCommitted?.(state);
        follow?.committed();
      } catch (error) {
        // It is on the disk: a fault of ours must not make it again. It ends the process instead.
        queueMicrotask(() => {
          throw error;
        });
      }
      return results;
    }
  }

  /**
   * Whether a commit that reported an error took place all the same: its answer may be lost, or the disk
   * have failed after it. Throws `OutcomeUnknown` when that cannot be found out.
   */
  #isWritten(state: LedgerState, cause: unknown): Promise<boolean> {
    return isWritten(this.options.db, state).catch(() => {
      throw new OutcomeUnknown("It is not known whether a charge was made.", { cause });
    });
  }

  /**
   * What the movements make of the state. The conditional write proves what is remembered of the accounts it
   * changes; of any other (a refusal, a repeated or a free call, nothing to expire) what is in the file is
   * read first.
   */
  async #work(
    movements: readonly Movement<unknown>[],
  ): Promise<{ state: LedgerState; at: Instant; results: unknown[] }> {
    const about = keysOf(movements);
    for (;;) {
      const state = await readState(this.options.db, about, this.#cache);
      const at = this.#now();
      const results = movements.map(({ apply }) => apply(state, at));
      const unproven = [...state.accounts.values()].filter(
        ({ organizationId, isChanged }) => !isChanged && this.#cache.hasAccount(organizationId),
      );
      if (unproven.length === 0) return { state, at, results };
      for (const { organizationId } of unproven) this.#cache.forgetOrganization(organizationId);
    }
  }

  #now(): Instant {
    const wallMs = this.options.clock.nowMs();
    return { wallMs, windowMs: this.options.windowClock.nowMs(wallMs) };
  }

  /** Takes no more, and resolves when what it has taken is done. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    while (this.#isRunning) await Bun.sleep(stopPauseMs);
  }
}

/** A commit failed, and so did the question whether it took place. */
class OutcomeUnknown extends Error {}

function tooManyWait(): DomainError {
  return new DomainError("overloaded", "Too many charges wait.", { retryAfterSeconds: 1 });
}

/** Another process changes the same account again and again. */
export function changesTooFast(cause: unknown): DomainError {
  const options = { retryAfterSeconds: 1, cause };
  return new DomainError("overloaded", "The account changes too fast. Try again.", options);
}

function keysOf(movements: readonly Movement<unknown>[]): LedgerKeys {
  const organizationIds = new Set<string>();
  const keyIds = new Set<string>();
  const holdIds = new Set<string>();
  const requests: Request[] = [];
  for (const { about } of movements) {
    if (about.organizationId !== undefined) organizationIds.add(about.organizationId);
    if (about.keyId !== undefined) keyIds.add(about.keyId);
    if (about.holdId !== undefined) holdIds.add(about.holdId);
    if (about.request !== undefined) requests.push(about.request);
  }
  return { organizationIds, keyIds, holdIds, requests };
}
