import { secondMs } from "../core/clock.ts";
import type { PriceKind } from "../core/money.ts";
import { matchesGlob } from "../permissions/scopes.ts";
import { integrationOf } from "../permissions/skills.ts";
import type { PriceRow } from "./price-store.ts";

/** Patterns of models that have a price, such as `gpt-*`: a look-up goes through them. */
export const modelPatternsMax = 100;

/**
 * Every version of every price, in memory: a charge reads no row for its price. Only one server uses a
 * database (`server.lock`), and no command writes prices, so nobody else has to be watched: whoever adds
 * a version adds it here after the commit.
 *
 * A charge at a moment goes by the version that is in force at that moment, exactly: charges by price and
 * changes of prices take turns, so none is worked out by a version whose successor is being written.
 */
export class PriceBook {
  #byId = new Map<string, PriceRow>();
  /** By kind and subject, the soonest in force first. */
  #versions = new Map<string, PriceRow[]>();
  /** The most specific first. */
  #modelPatterns: string[] = [];
  #charging = 0;
  #whenIdle: (() => void) | undefined;
  #change: Promise<void> | undefined;
  #lastAskedMs = 0;

  get size(): number {
    return this.#byId.size;
  }

  get modelPatterns(): readonly string[] {
    return this.#modelPatterns;
  }

  /** Adds versions; one that is known stays. */
  add(rows: readonly PriceRow[]): void {
    for (const row of rows) {
      if (this.#byId.has(row.id)) continue;
      this.#byId.set(row.id, row);
      const name = nameOf(row.kind, row.subject);
      const versions = this.#versions.get(name) ?? [];
      if (versions.length === 0) this.#versions.set(name, versions);
      versions.splice(placeOf(versions, row.effectiveFromMs), 0, row);
      const isNew = versions.length === 1 && row.kind === "model" && row.subject.includes("*");
      if (isNew)
        this.#modelPatterns = [...this.#modelPatterns, row.subject].toSorted(bySpecificity);
    }
  }

  find(id: string): PriceRow | undefined {
    return this.#byId.get(id);
  }

  /** The version of exactly this subject that holds at a moment, an end included. */
  versionAt(kind: PriceKind, subject: string, atMs: number): PriceRow | undefined {
    const versions = this.#versions.get(nameOf(kind, subject));
    return versions?.[placeOf(versions, atMs) - 1];
  }

  /** The version that follows one, once there is one. */
  successorOf({ kind, subject, effectiveFromMs }: PriceRow): PriceRow | undefined {
    const versions = this.#versions.get(nameOf(kind, subject)) ?? [];
    return versions[placeOf(versions, effectiveFromMs)];
  }

  /**
   * The price of a skill or model at a moment: its own, else that of the nearest pattern above it. For a
   * skill these are the skill of a tool, `github/*` and `*`; for a model the patterns that match, the one
   * with the most characters first.
   */
  inForce(kind: PriceKind, subject: string, atMs: number): PriceRow | undefined {
    this.#lastAskedMs = Math.max(this.#lastAskedMs, atMs);
    for (const one of kind === "skill" ? aboveSkill(subject) : this.#aboveModel(subject)) {
      const version = this.versionAt(kind, one, atMs);
      if (version !== undefined && !version.isEnd) return version;
    }
    return undefined;
  }

  /** Runs a charge by price, when no change of prices is under way. */
  async charge<T>(run: () => Promise<T>): Promise<T> {
    while (this.#change !== undefined) await this.#change;
    this.#charging++;
    try {
      return await run();
    } finally {
      this.#charging--;
      if (this.#charging === 0) this.#whenIdle?.();
    }
  }

  /** Waits until no charge by price is under way, and keeps new ones waiting until `resume` is called. */
  async pause(): Promise<{ resume: () => void }> {
    while (this.#change !== undefined) await this.#change;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#change = promise;
    if (this.#charging > 0) {
      await new Promise<void>((whenIdle) => {
        this.#whenIdle = whenIdle;
      });
      this.#whenIdle = undefined;
    }
    return {
      resume: () => {
        this.#change = undefined;
        resolve();
      },
    };
  }

  /**
   * The earliest moment from which a new version may hold: now, or the millisecond after the last charge.
   * A charge that lies further ahead is of a clock that was wrong; it names its price all the same.
   */
  earliestMs(nowMs: number): number {
    const isJustAsked = this.#lastAskedMs >= nowMs && this.#lastAskedMs < nowMs + secondMs;
    return isJustAsked ? this.#lastAskedMs + 1 : nowMs;
  }

  #aboveModel(model: string): string[] {
    return [model, ...this.#modelPatterns.filter((pattern) => matchesGlob(pattern, model))];
  }
}

function aboveSkill(skill: string): string[] {
  const tool = skill.indexOf("#");
  const whole = tool === -1 ? [] : [skill.slice(0, tool)];
  return [skill, ...whole, `${integrationOf(skill)}/*`, "*"];
}

function nameOf(kind: PriceKind, subject: string): string {
  return `${kind} ${subject}`;
}

/** How many versions hold from `atMs` or earlier. */
function placeOf(versions: readonly PriceRow[], atMs: number): number {
  let low = 0;
  let high = versions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((versions[middle]?.effectiveFromMs ?? Infinity) <= atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** By the number of characters that are no `*`, then by name, so that the order is always the same. */
function bySpecificity(a: string, b: string): number {
  const lettersOf = (pattern: string) => pattern.replaceAll("*", "").length;
  return lettersOf(b) - lettersOf(a) || (a < b ? -1 : 1);
}
