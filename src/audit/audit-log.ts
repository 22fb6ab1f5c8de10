import type { Clock } from "../core/clock.ts";
import { DomainError } from "../core/errors.ts";
import type { Alongside, Database } from "../db/client.ts";
import { isOvertaken } from "../db/write-guard.ts";
import type { Actor } from "../organizations/actor.ts";
import { type AuditEntry, type AuditRow, type Changes, chainRow } from "./audit-event.ts";
import { appendRow, appendRows, isTakenSequence, readHead } from "./audit-store.ts";

/** Tries of one commit against other processes, and charges of the same account, at the same time. */
const attemptsMax = 20;
/** Changes that may wait for their turn; one more is answered 503. */
export const auditQueueMax = 1_000;

export interface Commit {
  /** The change itself; the entry is recorded when its last statement changed something. */
  change: Alongside;
  entry: Omit<AuditEntry, "actor">;
  /** More entries of the same change, such as one a key of many; each is recorded when `entry` is. */
  furtherEntries?: Omit<AuditEntry, "actor">[];
  /** What else belongs to the transaction. */
  alongside?: Alongside;
}

/** A commit, and what the caller is answered. */
export interface Recorded<T> extends Commit {
  result: T;
}

interface Turn {
  actor: Actor;
  /** Reads, checks and builds the change, with the actor as it is now. */
  build: (actor: Actor) => Commit | Promise<Commit>;
  /** Goes before what waits: a revocation. */
  isUrgent?: boolean;
  /**
   * Runs the turn while something else stands still, such as the ledger. It is entered in the turn and not
   * before it: whoever holds a turn may wait for the ledger, which therefore never waits for a turn.
   */
  within?: (work: () => Promise<unknown[]>) => Promise<unknown[]>;
}

/**
 * Commits changes together with their rows in the log, one after the other: each row carries the hash
 * of the one before, so there is one end to append to. What a change rests on is read in its turn, and
 * the actor is asked for again: between the call and its turn, the key that calls, or the one that is
 * called about, may have been revoked or changed. A second process, such as the command line, is met
 * by the sequence number: who comes second reads again.
 */
export class AuditLog {
  #urgent: (() => Promise<void>)[] = [];
  #waiting: (() => Promise<void>)[] = [];
  #isRunning = false;

  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
    /** Told after each commit: it may have written events. */
    private readonly onCommitted: () => void = () => {},
  ) {}

  /** All in one transaction. Returns the results of the change's statements. */
  commit(turn: Turn): Promise<unknown[]> {
    const { isUrgent = false } = turn;
    const queue = isUrgent ? this.#urgent : this.#waiting;
    if (queue.length >= auditQueueMax) {
      const options = { retryAfterSeconds: 1 };
      return Promise.reject(new DomainError("overloaded", "Too many changes wait.", options));
    }
    const { promise, resolve, reject } = Promise.withResolvers<unknown[]>();
    const { within = (work) => work() } = turn;
    const run = () => within(() => this.#take(turn)).then(resolve, reject);
    queue.push(run);
    if (!this.#isRunning) void this.#runAll();
    return promise;
  }

  /** Commits, and returns the `result` that was built with the change. */
  async record<T>(turn: {
    actor: Actor;
    isUrgent?: boolean;
    within?: NonNullable<Turn["within"]>;
    build: (actor: Actor) => Recorded<T> | Promise<Recorded<T>>;
  }): Promise<T> {
    const built: T[] = [];
    await this.commit({
      ...turn,
      build: async (actor) => {
        const { result, ...commit } = await turn.build(actor);
        built[0] = result;
        return commit;
      },
    });
    return built[0] as T;
  }

  async #runAll(): Promise<void> {
    this.#isRunning = true;
    for (let run = this.#next(); run !== undefined; run = this.#next()) await run();
    this.#isRunning = false;
  }

  #next(): (() => Promise<void>) | undefined {
    return this.#urgent.shift() ?? this.#waiting.shift();
  }

  async #take({ actor: before, build }: Turn): Promise<unknown[]> {
    for (let attempt = 1; ; attempt++) {
      const head = await readHead(this.db);
      const actor = (await before.refresh?.()) ?? before;
      const { change, entry, furtherEntries = [], alongside = [] } = await build(actor);
      // Nothing to do is nothing to record.
      if (change.length === 0 || isEmpty(entry.changes)) return [];
      const row = chainRow(head, { ...entry, actor }, this.clock.nowMs());
      const further: AuditRow[] = [];
      for (const each of furtherEntries) {
        further.push(chainRow(further.at(-1) ?? row, { ...each, actor }, this.clock.nowMs()));
      }
      const appended = [appendRow(this.db, row), ...appendRows(this.db, further)];
      const [first, ...rest] = [...change, ...appended, ...alongside];
      if (first === undefined) return [];
      try {
        const results = await this.db.write.batch([first, ...rest]);
        this.onCommitted();
        return results;
      } catch (error) {
        const isOld = isTakenSequence(error) || isOvertaken(error);
        if (!isOld || attempt >= attemptsMax) throw error;
      }
    }
  }
}

/** The fields that were given are what they were. */
function isEmpty({ before, after }: Changes): boolean {
  if (before === null || after === null) return false;
  return Object.keys(before).length === 0 && Object.keys(after).length === 0;
}
