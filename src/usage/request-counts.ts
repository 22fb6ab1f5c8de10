import { minuteMs } from "../core/clock.ts";
import type { Logger } from "../core/log.ts";
import { admittedStatus } from "../core/usage.ts";
import type { LiveKey } from "../keys/live-key.ts";
import type { RequestCount } from "./rollup-store.ts";
import { Saver } from "./saver.ts";
import { SubjectBounds } from "./subject-bounds.ts";

/** How often requests go to the database: seldom, because each key is three rows. */
const saveIntervalMs = 5_000;
/** So many counts are saved without waiting. */
const unsavedSoon = 5_000;
/** Counts in memory, by key, minute, subject and status; what comes beyond is lost, and counted as lost. */
export const usageCountsMax = 50_000;
/** Counts saved by one transaction: some milliseconds of the writing thread, which charges share. */
const batchSize = 200;

/** What a request was about and what became of it. */
interface Outcome {
  subject: string;
  status: string;
  wallMs: number;
}

/**
 * Counts requests by key, skill or model, and what became of them, and writes them behind. Memory is ahead
 * of the database by one interval at most: that is what a kill can lose. Charges are not counted here.
 */
export class RequestCounts extends Saver {
  /** Keys with requests of the commonest kind, admitted and about nothing: they count in the key itself. */
  #plain: LiveKey[] = [];
  #others = new Map<string, RequestCount>();
  #subjects = new SubjectBounds();
  /** Requests that were not counted, for want of room. */
  lost = 0;

  constructor(
    private readonly add: (counts: RequestCount[]) => Promise<void>,
    log: Logger,
  ) {
    super({
      everyMs: saveIntervalMs,
      what: "Requests",
      log,
      details: () => ({ counts: this.unsavedCount }),
    });
  }

  /** Counts an admitted request. Called for each: it must stay this short. */
  admit(live: LiveKey, wallMs: number, subject = ""): void {
    if (subject !== "") {
      this.#count(live, { subject, status: admittedStatus, wallMs });
      return;
    }
    const minute = Math.floor(wallMs / minuteMs);
    if (live.okMinute !== minute) this.#open(live, minute);
    live.okCount++;
  }

  /** Counts a request that was refused. */
  refuse(live: LiveKey, outcome: Outcome): void {
    this.#count(live, outcome);
  }

  get unsavedCount(): number {
    return this.#plain.length + this.#others.size;
  }

  protected override get isAllSaved(): boolean {
    return this.unsavedCount === 0;
  }

  /** The first plain request of a key since the last save, or in a new minute. */
  #open(live: LiveKey, minute: number): void {
    if (live.okMinute >= 0) this.#merge(plainOf(live));
    else if (this.#hasRoom()) this.#plain.push(live);
    else {
      this.lost++;
      return;
    }
    live.okMinute = minute;
    live.okCount = 0;
  }

  #count(live: LiveKey, { subject, status, wallMs }: Outcome): void {
    this.#merge({
      ...ownersOf(live),
      minuteMs: wallMs - (wallMs % minuteMs),
      subject: this.#subjects.fit(live.id, subject, wallMs),
      status,
      requests: 1,
    });
  }

  #merge(count: RequestCount): void {
    const name = `${count.keyId} ${count.minuteMs} ${count.status} ${count.subject}`;
    const known = this.#others.get(name);
    if (known !== undefined) known.requests += count.requests;
    else if (this.#hasRoom()) this.#others.set(name, count);
    else this.lost += count.requests;
  }

  #hasRoom(): boolean {
    const size = this.unsavedCount;
    if (size >= unsavedSoon && !this.saves.isFailing) this.saves.wake();
    return size < usageCountsMax;
  }

  #take(): RequestCount[] {
    const counts = [...this.#others.values()];
    for (const live of this.#plain) {
      counts.push(plainOf(live));
      live.okMinute = -1;
      live.okCount = 0;
    }
    this.#others = new Map();
    this.#plain = [];
    return counts;
  }

  protected override async saveAll(): Promise<void> {
    const counts = this.#take();
    let saved = 0;
    try {
      while (saved < counts.length) {
        await this.add(counts.slice(saved, saved + batchSize));
        saved += batchSize;
      }
    } catch (error) {
      for (const count of counts.slice(saved)) this.#merge(count);
      throw error;
    }
  }
}

function plainOf(live: LiveKey): RequestCount {
  return {
    ...ownersOf(live),
    minuteMs: live.okMinute * minuteMs,
    subject: "",
    status: admittedStatus,
    requests: live.okCount,
  };
}

function ownersOf({ id: keyId, grant }: LiveKey) {
  const { organizationId, workspaceId, userId } = grant;
  return { organizationId, workspaceId, userId, keyId };
}
