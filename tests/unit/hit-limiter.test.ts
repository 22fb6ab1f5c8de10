import { describe, expect, test } from "bun:test";
import { HitLimiter, hitNamesMax } from "../../src/limits/hit-limiter.ts";
import { WindowClock } from "../../src/limits/window-clock.ts";
import { TestClock } from "../support/test-clock.ts";

const windowMs = 60_000;

function createLimiter(hitsMax: number) {
  const clock = new TestClock();
  return { clock, limiter: new HitLimiter({ clock: new WindowClock(clock), windowMs, hitsMax }) };
}

describe("hit limiter", () => {
  test("each name has its own allowance in each window, and is told how long to wait", () => {
    const { clock, limiter } = createLimiter(2);
    clock.advance(1_000);
    expect(["a", "a", "b", "a"].map((name) => limiter.hit(name))).toEqual([0, 0, 0, 59_000]);
    clock.advance(58_999);
    expect(limiter.hit("a")).toBe(1);
    clock.advance(1);
    expect(["a", "a", "a"].map((name) => limiter.hit(name))).toEqual([0, 0, windowMs]);
  });

  test("a hit that is taken back makes room for one, and no more", () => {
    const { limiter } = createLimiter(2);
    limiter.hit("a");
    limiter.hit("a");
    limiter.release("a");
    expect([limiter.hit("a"), limiter.hit("a")]).toEqual([0, windowMs]);
  });

  test("what is over the limit is not counted: taking one back makes room at once", () => {
    const { limiter } = createLimiter(1);
    for (let time = 0; time < 50; time++) limiter.hit("a");
    limiter.release("a");
    expect(limiter.hit("a")).toBe(0);
  });

  test("taking back what was never hit, or in an earlier window, gives no credit", () => {
    const { clock, limiter } = createLimiter(1);
    limiter.release("a");
    limiter.hit("a");
    clock.advance(windowMs);
    limiter.hit("b");
    limiter.release("a");
    for (let time = 0; time < 3; time++) limiter.release("b");
    expect(["a", "a", "b", "b"].map((name) => limiter.hit(name))).toEqual([
      0,
      windowMs,
      0,
      windowMs,
    ]);
  });

  test("a clock that is set back opens no window again", () => {
    const { clock, limiter } = createLimiter(1);
    limiter.hit("a");
    clock.step(-3 * windowMs);
    expect(limiter.hit("a")).toBeGreaterThan(0);
    clock.step(3 * windowMs);
    expect(limiter.hit("a")).toBeGreaterThan(0);
  });

  test("the table is bounded, and is dropped with its window", () => {
    const { clock, limiter } = createLimiter(1);
    for (let name = 0; name < hitNamesMax + 10; name++) limiter.hit(`a${name}`);
    expect(limiter.size).toBe(hitNamesMax);
    // A name that is in the table keeps its own count.
    expect(limiter.hit("a0")).toBe(windowMs);
    clock.advance(windowMs);
    limiter.hit("b");
    expect(limiter.size).toBe(1);
  });
});
