import type { Clock } from "../../src/core/clock.ts";

/** A clock that stands still until a test moves it. */
export class TestClock implements Clock {
  #wallMs: number;
  #monotonicMs = 1_000;

  constructor(start = "2026-03-02T10:00:00.000Z") {
    this.#wallMs = Date.parse(start);
  }

  nowMs = () => this.#wallMs;
  monotonicMs = () => this.#monotonicMs;

  /** Time passes. */
  advance(ms: number): void {
    this.#wallMs += ms;
    this.#monotonicMs += ms;
  }

  /** Somebody sets the wall clock; no time passes. */
  step(ms: number): void {
    this.#wallMs += ms;
  }
}
