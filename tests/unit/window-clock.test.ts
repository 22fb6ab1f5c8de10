import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { hourMs, minuteMs } from "../../src/core/clock.ts";
import { WindowClock } from "../../src/limits/window-clock.ts";
import { TestClock } from "../support/test-clock.ts";

describe("window clock", () => {
  test("it shows the wall clock while that only goes forward", () => {
    const clock = new TestClock();
    const windows = new WindowClock(clock);
    for (const ms of [0, 1, 999, minuteMs, 25 * hourMs]) {
      clock.advance(ms);
      expect(windows.nowMs()).toBe(clock.nowMs());
    }
  });

  test("it never goes back, whatever is done to the wall clock", () => {
    const moves = fc.array(
      fc.record({
        kind: fc.constantFrom("advance", "step"),
        ms: fc.integer({ min: 0, max: 2 * hourMs }),
      }),
    );
    fc.assert(
      fc.property(moves, fc.boolean(), (list, isBack) => {
        const clock = new TestClock();
        const windows = new WindowClock(clock);
        let last = windows.nowMs();
        for (const { kind, ms } of list) {
          if (kind === "advance") clock.advance(ms);
          else clock.step(isBack ? -ms : ms);
          const now = windows.nowMs();
          expect(now).toBeGreaterThanOrEqual(last);
          last = now;
        }
      }),
    );
  });

  test("a step back of an hour lets a minute last 67 seconds at most, and no less than a minute", () => {
    const clock = new TestClock();
    const windows = new WindowClock(clock);
    const start = windows.nowMs();
    clock.step(-hourMs);
    windows.nowMs();
    clock.advance(minuteMs);
    expect(windows.nowMs()).toBeLessThan(start + minuteMs);
    clock.advance(7_000);
    expect(windows.nowMs()).toBeGreaterThanOrEqual(start + minuteMs);
  });

  test("it meets the wall clock again after the step back has been slewed away", () => {
    const clock = new TestClock();
    const windows = new WindowClock(clock);
    windows.nowMs();
    clock.step(-minuteMs);
    windows.nowMs();
    clock.advance(10 * minuteMs);
    expect(windows.nowMs()).toBe(clock.nowMs());
  });

  test("a moment on it translates to the wall time at which it will come", () => {
    const clock = new TestClock();
    const windows = new WindowClock(clock);
    const end = windows.nowMs() + minuteMs;
    clock.step(-hourMs);
    windows.nowMs();
    const wall = windows.toWallMs(end);
    clock.advance(wall - clock.nowMs());
    expect(Math.abs(windows.nowMs() - end)).toBeLessThanOrEqual(2);
  });
});
