import { describe, expect, test } from "bun:test";
import { minuteMs } from "../../src/core/clock.ts";
import { AddressLimiter } from "../../src/limits/address-limiter.ts";
import { hitNamesMax } from "../../src/limits/hit-limiter.ts";
import { WindowClock } from "../../src/limits/window-clock.ts";
import { TestClock } from "../support/test-clock.ts";

function createLimiter(perMinute: number) {
  const clock = new TestClock();
  return { clock, limiter: new AddressLimiter(new WindowClock(clock), perMinute) };
}

describe("address limiter", () => {
  test("an address gets its allowance each minute and is told how long to wait", () => {
    const { clock, limiter } = createLimiter(3);
    expect([1, 2, 3].map(() => limiter.hit("192.0.2.1"))).toEqual([0, 0, 0]);
    expect(limiter.hit("192.0.2.1")).toBe(minuteMs);
    expect(limiter.hit("192.0.2.2")).toBe(0);
    clock.advance(minuteMs);
    expect(limiter.hit("192.0.2.1")).toBe(0);
  });

  test("the addresses of one IPv6 /64 count as one", () => {
    const { limiter } = createLimiter(2);
    expect(limiter.hit("2001:db8:1:2:0:0:0:1")).toBe(0);
    expect(limiter.hit("2001:db8:1:2:ffff:0:0:9")).toBe(0);
    expect(limiter.hit("2001:db8:1:2:a:b:c:d")).toBeGreaterThan(0);
    expect(limiter.hit("2001:db8:1:3:0:0:0:1")).toBe(0);
  });

  test("the table is bounded: what comes after shares one allowance", () => {
    const { clock, limiter } = createLimiter(1);
    for (let i = 0; i < hitNamesMax; i++) limiter.hit(`a${i}`);
    expect(limiter.size).toBe(hitNamesMax);
    const shared = Array.from({ length: 200 }, (_, i) => limiter.hit(`b${i}`));
    expect(shared.filter((waitMs) => waitMs === 0).length).toBe(100);
    expect(limiter.size).toBe(hitNamesMax);
    clock.advance(minuteMs);
    limiter.hit("c");
    expect(limiter.size).toBe(1);
  });
});
