import type { Clock } from "../core/clock.ts";
import { dayMs } from "../core/clock.ts";
import { describeError, type Logger } from "../core/log.ts";
import type { Database } from "../db/client.ts";
import { outcomeOf, sendDelivery } from "./attempt.ts";
import {
  type Busy,
  type DueDelivery,
  findDue,
  isAnythingDue,
  type Outcome,
  recordOutcomes,
} from "./delivery-store.ts";
import type { Dialler } from "./dialler.ts";
import type { WebhookSecrets } from "./signing.ts";

/** Attempts at one time: in all, of one organization, and to one webhook. */
export const attemptsMax = 64;
export const attemptsOfOrganizationMax = 16;
export const attemptsOfWebhookMax = 4;
/** Due deliveries that are read at once. */
const dueReadMax = 256;
/** How often it looks without being woken: for what is tried again, and for what others wrote. */
const lookIntervalMs = 1_000;
/** Between two looks. */
const lookPauseMs = 10;
/** How long a stop waits for attempts under way; what is cut off is tried again after the start. */
const stopWaitMs = 3_000;
const stopPauseMs = 5;
/** A webhook to which nothing arrived for so long is disabled, */
export const failingMs = 5 * dayMs;
/** when a delivery has failed so often: one failure long after another is no proof. */
const triesOfDead = 3;

/** Why a webhook is switched off. */
export interface DeadCause {
  reason: string;
  /** It must still be failing, and for so long; null where one answer is enough. */
  failsForMs: number | null;
}

/** Attempts by what came of them. */
export interface DeliveryCounts {
  delivered: number;
  failed: number;
  given_up: number;
}

/**
 * Delivers what is due. All it knows is in the database: a delivery is pending until the outcome of an
 * attempt is written, so a crash loses none, and one that was under way is made again (at least once).
 * Outcomes are written together, those that come in during a write with the next one.
 */
export class Dispatcher {
  readonly counts: DeliveryCounts = { delivered: 0, failed: 0, given_up: 0 };
  #timer: Timer | undefined;
  #underWay = new Map<string, DueDelivery>();
  #running = new Set<Promise<void>>();
  /** Those that ended while a look was under way, which has read them as pending. */
  #ended = new Set<string>();
  #unwritten: Outcome[] = [];
  #isLooking = false;
  #isWanted = false;
  #isWriting = false;
  #writing: Promise<void> = Promise.resolve();
  #isStopping = false;
  #stop = new AbortController();

  constructor(
    private readonly options: {
      db: Database;
      clock: Clock;
      log: Logger;
      dialler: Dialler;
      secrets: WebhookSecrets;
      random: () => number;
      /** Switches a webhook off, for everybody to see, if there is still cause for it. */
      disable: (due: DueDelivery, cause: DeadCause) => Promise<void>;
    },
  ) {}

  start(): void {
    this.#timer = setInterval(() => this.wake(), lookIntervalMs);
  }

  /** Looks for what is due; nobody waits for it. */
  wake(): void {
    this.#isWanted = true;
    if (this.#unwritten.length > 0) void this.#write();
    if (!this.#isLooking && !this.#isStopping) void this.#look();
  }

  /** Waits for attempts under way, up to a bound, and writes what came of them. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#isStopping = true;
    const timer = setTimeout(() => this.#stop.abort(), stopWaitMs);
    while (this.#isLooking) await Bun.sleep(stopPauseMs);
    // The abort ends them all; the bound is for what does not hear of it.
    await Promise.race([Promise.all(this.#running), Bun.sleep(2 * stopWaitMs)]);
    clearTimeout(timer);
    while (this.#isWriting) await Bun.sleep(stopPauseMs);
    await this.#write();
  }

  get underWay(): number {
    return this.#underWay.size;
  }

  async #look(): Promise<void> {
    this.#isLooking = true;
    try {
      while (this.#isWanted && !this.#isStopping) {
        this.#isWanted = false;
        await this.#begin();
        // What is committed in the meantime is found by one look, and not by one each.
        await Bun.sleep(lookPauseMs);
      }
    } catch (error) {
      this.options.log.error("Webhooks were not delivered; they are tried again", {
        error: describeError(error),
      });
    } finally {
      this.#isLooking = false;
    }
  }

  async #begin(): Promise<void> {
    const { db, clock } = this.options;
    const nowMs = clock.nowMs();
    this.#ended.clear();
    if (this.#underWay.size >= attemptsMax || !(await isAnythingDue(db, nowMs))) return;
    // What is under way is still pending there, and counts against its webhook's share.
    const due = await findDue(db, {
      nowMs,
      ofWebhookMax: attemptsOfWebhookMax,
      limit: dueReadMax,
      busy: this.#busy(),
    });
    let begun = 0;
    for (const one of due) {
      if (this.#isStopping) return;
      if (!this.#hasRoom(one)) continue;
      this.#underWay.set(one.id, one);
      begun++;
      const running = this.#attempt(one).finally(() => this.#running.delete(running));
      this.#running.add(running);
    }
    // Who is busy now stands behind the others, so there may be more to begin.
    if (begun > 0 && due.length === dueReadMax) this.#isWanted = true;
  }

  /** Who may have no more attempts, so that theirs do not stand before the others'. */
  #busy(): Busy {
    const ofWebhook = new Map<string, number>();
    const ofOrganization = new Map<string, number>();
    const count = (counts: Map<string, number>, id: string) =>
      counts.set(id, (counts.get(id) ?? 0) + 1);
    for (const { webhookId, organizationId } of this.#underWay.values()) {
      count(ofWebhook, webhookId);
      count(ofOrganization, organizationId ?? "");
    }
    const from = (counts: Map<string, number>, max: number) =>
      [...counts].flatMap(([id, attempts]) => (attempts >= max ? id : []));
    return {
      webhookIds: from(ofWebhook, attemptsOfWebhookMax),
      organizationIds: from(ofOrganization, attemptsOfOrganizationMax),
    };
  }

  #hasRoom({ id, webhookId, organizationId }: DueDelivery): boolean {
    if (this.#underWay.has(id) || this.#ended.has(id)) return false;
    if (this.#underWay.size >= attemptsMax) return false;
    let [ofWebhook, ofOrganization] = [0, 0];
    for (const other of this.#underWay.values()) {
      if (other.webhookId === webhookId) ofWebhook++;
      if (other.organizationId === organizationId) ofOrganization++;
    }
    return ofWebhook < attemptsOfWebhookMax && ofOrganization < attemptsOfOrganizationMax;
  }

  async #attempt(due: DueDelivery): Promise<void> {
    const { clock, random } = this.options;
    const answer = await sendDelivery(due, { ...this.options, stopped: this.#stop.signal });
    // Cut off by a stop: it was no attempt of the target's.
    if (this.#stop.signal.aborted && typeof answer === "string") {
      this.#underWay.delete(due.id);
      return;
    }
    const outcome = outcomeOf(due, answer, { atMs: clock.nowMs(), random });
    this.#count(outcome);
    this.#unwritten.push(outcome);
    await this.#write();
    await this.#disableIfDead(due, outcome);
    this.wake();
  }

  #count({ state }: Outcome): void {
    if (state === "delivered") this.counts.delivered++;
    else if (state === "pending") this.counts.failed++;
    else this.counts.given_up++;
  }

  /** Writes what there is; what comes in meanwhile goes into the next write. Resolves when all is. */
  #write(): Promise<void> {
    if (!this.#isWriting) this.#writing = this.#writeAll();
    return this.#writing;
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    try {
      while (this.#unwritten.length > 0) {
        const outcomes = [...this.#unwritten];
        await recordOutcomes(this.options.db, outcomes);
        this.#unwritten.splice(0, outcomes.length);
        for (const { deliveryId } of outcomes) {
          this.#underWay.delete(deliveryId);
          this.#ended.add(deliveryId);
        }
      }
    } catch (error) {
      // They stay under way, so that nothing is sent again before their outcome is on the disk.
      this.options.log.error("Outcomes of webhooks were not saved; that is tried again", {
        error: describeError(error),
      });
    } finally {
      this.#isWriting = false;
    }
  }

  async #disableIfDead(due: DueDelivery, { status, state, atMs }: Outcome): Promise<void> {
    const { failingSinceMs, attempts } = due;
    const isLong = failingSinceMs !== null && atMs - failingSinceMs >= failingMs;
    const isDead = isLong && attempts + 1 >= triesOfDead;
    const isGone = status === 410;
    if (state === "delivered" || !(isGone || isDead)) return;
    // A delivery beside this one may have arrived since it was read.
    const cause = isGone
      ? { reason: "It answered 410 Gone.", failsForMs: null }
      : { reason: "Nothing arrived for 5 days.", failsForMs: failingMs };
    await this.options.disable(due, cause).catch((error: unknown) => {
      this.options.log.error("A dead webhook was not disabled; that is tried again", {
        error: describeError(error),
      });
    });
  }
}
