import type { Clock } from "../core/clock.ts";

/** How fast the window clock runs while the wall clock is behind it. */
const slewRate = 0.9;
/** The wall clock going off its course by more than this is a step, less is drift. */
const stepMs = 500;

/**
 * The clock that windows are cut by: the wall clock, except that it never goes back. When the wall
 * clock steps back, this one goes on from where it was, a tenth slower, until the wall has caught
 * up. So a step back frees nobody (no window opens twice) and locks nobody (no window lasts more
 * than a ninth longer). A step forward is believed at once: after a suspend it is the truth.
 */
export class WindowClock {
  #clock: Clock;
  #nowMs = 0;
  #steps = 0;
  #anchor: { monotonicMs: number; nowMs: number; offsetMs: number } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds since the Unix epoch, never less than the last answer. */
  nowMs(wallMs = this.#clock.nowMs()): number {
    if (wallMs >= this.#nowMs) {
      if (this.#anchor !== undefined) this.#steps++;
      this.#anchor = undefined;
      this.#nowMs = wallMs;
      return wallMs;
    }
    const monotonicMs = this.#clock.monotonicMs();
    if (this.#anchor === undefined) {
      this.#steps++;
      this.#anchor = { monotonicMs, nowMs: this.#nowMs, offsetMs: wallMs - monotonicMs };
    }
    if (Math.abs(wallMs - monotonicMs - this.#anchor.offsetMs) > stepMs) {
      this.#steps++;
      this.#anchor.offsetMs = wallMs - monotonicMs;
    }
    const elapsedMs = monotonicMs - this.#anchor.monotonicMs;
    this.#nowMs = Math.max(this.#nowMs, Math.floor(this.#anchor.nowMs + elapsedMs * slewRate));
    return this.#nowMs;
  }

  /** Changes when the relation to the wall clock does; what was made by `toWallMs` is then stale. */
  get steps(): number {
    return this.#steps;
  }

  /** Real milliseconds from the last `nowMs()` until this clock shows `momentMs`. */
  untilMs(momentMs: number): number {
    const distanceMs = momentMs - this.#nowMs;
    return this.#anchor === undefined ? distanceMs : Math.ceil(distanceMs / slewRate);
  }

  /** The same moment on the wall clock as it stands now: what a client can compare with its own. */
  toWallMs(momentMs: number): number {
    if (this.#anchor === undefined) return momentMs;
    return this.#clock.nowMs() + this.untilMs(momentMs);
  }
}
