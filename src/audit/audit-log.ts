import type { Clock } from "../core/clock.ts";
import type { Alongside, Database } from "../db/client.ts";
import { type AuditEntry, chainRow } from "./audit-event.ts";
import { appendRow, isTakenSequence, readHead } from "./audit-store.ts";

/** Tries of one commit against other processes that append at the same time. */
const attemptsMax = 20;

interface Commit {
  /** The change itself; the entry is recorded when its last statement changed something. */
  change: Alongside;
  entry: AuditEntry;
  /** What else belongs to the transaction. */
  alongside?: Alongside;
}

/**
 * Commits changes together with their rows in the log, one after the other: each row carries the hash
 * of the one before, so there is one end to append to. A second process, such as the command line,
 * is met by the sequence number: who comes second reads the new end and tries again.
 */
export class AuditLog {
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly db: Database,
    private readonly clock: Clock,
  ) {}

  /** All in one transaction. Returns the results of the change's statements. */
  commit(commit: Commit): Promise<unknown[]> {
    const run = this.#last.then(() => this.#append(commit));
    this.#last = run.catch(() => {});
    return run;
  }

  async #append({ change, entry, alongside = [] }: Commit): Promise<unknown[]> {
    for (let attempt = 1; ; attempt++) {
      const row = chainRow(await readHead(this.db), entry, this.clock.nowMs());
      const [first, ...rest] = [...change, appendRow(this.db, row), ...alongside];
      if (first === undefined) return [];
      try {
        return await this.db.write.batch([first, ...rest]);
      } catch (error) {
        if (!isTakenSequence(error) || attempt >= attemptsMax) throw error;
      }
    }
  }
}
