import { asc, gt } from "drizzle-orm";
import type { Logger } from "../core/log.ts";
import { Repeating } from "../core/repeating.ts";
import type { Database } from "./client.ts";
import { invalidations } from "./tables/index.ts";

/** How often the file is asked whether another connection has written: four times within 100 ms. */
export const watchIntervalMs = 25;
/** Rows read at once; more than this is answered by forgetting everything. */
const rowsMax = 1_000;

/** What is told of changes. */
export interface InvalidationTarget {
  invalidate(keyId: string): void;
  invalidateOrganization(organizationId: string): void;
  invalidateAll(): void;
}

/**
 * Learns what other processes changed. `PRAGMA data_version` costs some microseconds and tells that
 * something was committed; the rows that the triggers left tell what.
 */
export class InvalidationWatch {
  readonly #checks: Repeating;
  #dataVersion = -1;
  #sequence = 0;

  constructor(
    private readonly db: Database,
    log: Logger,
    private readonly target: InvalidationTarget,
    /** Called after any commit of another connection, before what it changed is forgotten. */
    private readonly onCommit: () => Promise<void> = async () => {},
  ) {
    this.#checks = new Repeating({
      everyMs: watchIntervalMs,
      run: () => this.#checkOrForget(),
      log,
      failed: "Changes of other processes cannot be read",
      recovered: "Changes of other processes are read again",
    });
  }

  /** Begins after what is in the file now: call it before the first key is read. */
  async start(): Promise<void> {
    this.#dataVersion = await this.db.dataVersion();
    this.#sequence = await this.#newestSequence();
    this.#checks.start();
  }

  /** Resolves when a check under way is over. */
  stop(): Promise<void> {
    return this.#checks.stop();
  }

  /** Applies what was committed since the last check. */
  async check(): Promise<void> {
    const dataVersion = await this.db.dataVersion();
    if (dataVersion === this.#dataVersion) return;
    await this.onCommit();
    const rows = await this.db.lookup
      .select()
      .from(invalidations)
      .where(gt(invalidations.sequence, this.#sequence))
      .orderBy(asc(invalidations.sequence))
      .limit(rowsMax);
    this.#dataVersion = dataVersion;
    await this.#apply(rows);
  }

  async #apply(rows: (typeof invalidations.$inferSelect)[]): Promise<void> {
    const last = rows.at(-1);
    if (last === undefined) return;
    // A gap means that rows were pruned before they were seen.
    const hasGap = rows[0] !== undefined && rows[0].sequence > this.#sequence + 1;
    const isTooMany = rows.length === rowsMax;
    this.#sequence = isTooMany ? await this.#newestSequence() : last.sequence;
    const isForAll = rows.some((row) => row.keyId === null && row.organizationId === null);
    if (hasGap || isTooMany || isForAll) {
      this.target.invalidateAll();
      return;
    }
    for (const organizationId of new Set(rows.map((row) => row.organizationId))) {
      if (organizationId !== null) this.target.invalidateOrganization(organizationId);
    }
    for (const { keyId } of rows) if (keyId !== null) this.target.invalidate(keyId);
  }

  async #newestSequence(): Promise<number> {
    const rows = await this.db.lookup.$client.execute(
      "SELECT coalesce(max(sequence), 0) AS newest FROM invalidations",
    );
    return Number(rows.rows[0]?.["newest"] ?? 0);
  }

  /** Not knowing what changed, hold nothing: every request reads the database until this passes. */
  async #checkOrForget(): Promise<void> {
    try {
      await this.check();
    } catch (error) {
      this.#dataVersion = -1;
      this.target.invalidateAll();
      throw error;
    }
  }
}
