import type { WindowClock } from "./window-clock.ts";

/** Names counted one by one; the rest of a window's names share one counter. */
export const hitNamesMax = 65_536;
/** The shared counter's allowance, in times of one name's. */
const overflowFactor = 100;

/**
 * Counts hits by name in fixed windows. The table is dropped with its window, so it holds what came
 * within one and never more than `hitNamesMax`.
 */
export class HitLimiter {
  #counts = new Map<string, number>();
  #overflow = 0;
  #window = -1;

  constructor(
    private readonly options: { clock: WindowClock; windowMs: number; hitsMax: number },
  ) {}

  /** Counts one hit. Returns 0, or the milliseconds to wait when the name is over its limit. */
  hit(name: string): number {
    const { clock, windowMs } = this.options;
    const window = Math.floor(clock.nowMs() / windowMs);
    if (window > this.#window) {
      this.#window = window;
      this.#counts.clear();
      this.#overflow = 0;
    }
    return this.#admit(name) ? 0 : clock.untilMs((this.#window + 1) * windowMs);
  }

  /** What is left to the name in the current window, and when that ends by the wall clock. */
  stateOf(name: string): { limit: number; left: number; resetMs: number } {
    const { clock, windowMs, hitsMax: limit } = this.options;
    const window = Math.floor(clock.nowMs() / windowMs);
    const count = window > this.#window ? 0 : (this.#counts.get(name) ?? 0);
    const resetMs = clock.toWallMs((window + 1) * windowMs);
    return { limit, left: Math.max(0, limit - count), resetMs };
  }

  /** Takes one hit of the current window back. */
  release(name: string): void {
    const count = this.#counts.get(name);
    if (count !== undefined && count > 0) this.#counts.set(name, count - 1);
  }

  get size(): number {
    return this.#counts.size;
  }

  #admit(name: string): boolean {
    const { hitsMax } = this.options;
    const count = this.#counts.get(name);
    if (count === undefined && this.#counts.size >= hitNamesMax) {
      this.#overflow++;
      return this.#overflow <= hitsMax * overflowFactor;
    }
    if (count !== undefined && count >= hitsMax) return false;
    this.#counts.set(name, (count ?? 0) + 1);
    return true;
  }
}
