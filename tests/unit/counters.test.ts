import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { dayMs, minuteMs } from "../../src/core/clock.ts";
import {
  countRequest,
  exceededLimit,
  type Limits,
  restoreCounters,
  rollWindows,
} from "../../src/limits/counters.ts";

const start = Date.parse("2026-03-02T10:00:00Z");
const limit = fc.option(fc.integer({ min: 0, max: 8 }), { nil: null });

describe("fixed windows", () => {
  test("no minute and no day ever admits more than its limit, and a refusal uses nothing", () => {
    const pauses = fc.array(fc.integer({ min: 0, max: 40_000 }), { maxLength: 300 });
    fc.assert(
      fc.property(limit, limit, pauses, (requestsPerMinute, requestsPerDay, list) => {
        const limits: Limits = { requestsPerMinute, requestsPerDay, concurrentRequests: null };
        const counters = restoreCounters(null, start);
        const admittedByMinute = new Map<number, number>();
        const admittedByDay = new Map<number, number>();
        let now = start;
        for (const pause of list) {
          now += pause;
          rollWindows(counters, now);
          const before = { ...counters };
          if (exceededLimit(counters, limits) !== undefined) {
            expect(counters).toEqual(before);
            continue;
          }
          countRequest(counters);
          const minute = Math.floor(now / minuteMs);
          const day = Math.floor(now / dayMs);
          admittedByMinute.set(minute, (admittedByMinute.get(minute) ?? 0) + 1);
          admittedByDay.set(day, (admittedByDay.get(day) ?? 0) + 1);
        }
        for (const count of admittedByMinute.values()) {
          expect(count).toBeLessThanOrEqual(requestsPerMinute ?? Infinity);
        }
        for (const count of admittedByDay.values()) {
          expect(count).toBeLessThanOrEqual(requestsPerDay ?? Infinity);
        }
      }),
    );
  });

  test("exactly the limit passes in each window", () => {
    const limits: Limits = { requestsPerMinute: 5, requestsPerDay: 12, concurrentRequests: null };
    const counters = restoreCounters(null, start);
    const admitted = [0, 1, 2, 3].map((minute) => {
      rollWindows(counters, start + minute * minuteMs);
      let count = 0;
      for (let i = 0; i < 50; i++) {
        if (exceededLimit(counters, limits) === undefined) {
          countRequest(counters);
          count++;
        }
      }
      return count;
    });
    expect(admitted).toEqual([5, 5, 2, 0]);
    rollWindows(counters, start + dayMs);
    expect(exceededLimit(counters, limits)).toBeUndefined();
  });

  test("the concurrent limit counts what is in flight", () => {
    const limits: Limits = { requestsPerMinute: null, requestsPerDay: null, concurrentRequests: 2 };
    const counters = restoreCounters(null, start);
    counters.inFlight = 1;
    expect(exceededLimit(counters, limits)).toBeUndefined();
    counters.inFlight = 2;
    expect(exceededLimit(counters, limits)).toBe("concurrent_requests");
  });

  test("counters that were saved ahead of the clock neither free nor lock", () => {
    const ahead = restoreCounters(null, start + 2 * dayMs);
    ahead.minuteCount = 3;
    ahead.dayCount = 7;
    const restored = restoreCounters(ahead, start);
    rollWindows(restored, start);
    expect([restored.minuteCount, restored.dayCount]).toEqual([3, 7]);
    rollWindows(restored, start + minuteMs);
    expect([restored.minuteCount, restored.dayCount]).toEqual([0, 7]);
    rollWindows(restored, start + dayMs);
    expect(restored.dayCount).toBe(0);
  });
});
