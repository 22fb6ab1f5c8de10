import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { dayMs, hourMs } from "../../src/core/clock.ts";
import { addSpend, noSpend, rollSpend, windowStarts } from "../../src/credits/spend-windows.ts";

const startMs = Date.parse("2027-05-30T22:00:00Z");

describe("what was spent in a window", () => {
  test("is the sum of what was admitted in it, whenever that was settled", () => {
    // Each charge is admitted some time after the one before, and settled some time after that.
    const charges = fc.array(
      fc.record({
        waitMs: fc.integer({ min: 0, max: 3 * dayMs }),
        heldMs: fc.integer({ min: 0, max: dayMs }),
        micros: fc.integer({ min: 1, max: 1_000_000 }),
      }),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(charges, (list) => {
        let nowMs = startMs;
        const made = list.map(({ waitMs, heldMs, micros }) => {
          const admittedAtMs = nowMs + waitMs;
          nowMs = admittedAtMs + heldMs;
          return { admittedAtMs, atMs: nowMs, micros };
        });
        const spend = noSpend(startMs);
        for (const { admittedAtMs, atMs, micros } of made) {
          expect(rollSpend(spend, atMs)).toBe(false);
          addSpend(spend, micros, { admittedAtMs, atMs });
        }
        rollSpend(spend, nowMs);
        for (const name of ["day", "week", "month"] as const) {
          const start = windowStarts(nowMs)[name];
          const sum = made
            .filter(({ admittedAtMs }) => windowStarts(admittedAtMs)[name] === start)
            .reduce((total, { micros }) => total + micros, 0);
          expect([name, spend[`${name}Micros`]]).toEqual([name, sum]);
        }
      }),
    );
  });

  test("is never less after the clock has gone back", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 500 * dayMs }), (backMs) => {
        const spend = noSpend(startMs);
        addSpend(spend, 5, { admittedAtMs: startMs, atMs: startMs });
        rollSpend(spend, startMs - backMs);
        addSpend(spend, 3, { admittedAtMs: startMs - backMs, atMs: startMs - backMs });
        expect([spend.dayMicros, spend.weekMicros, spend.monthMicros]).toEqual([8, 8, 8]);
      }),
    );
  });

  test("of a clock that was far ahead is over with the next window", () => {
    const spend = noSpend(startMs + 400 * dayMs);
    addSpend(spend, 5, { admittedAtMs: startMs, atMs: startMs });
    expect(rollSpend(spend, startMs)).toBe(true);
    expect(rollSpend(spend, startMs)).toBe(false);
    rollSpend(spend, startMs + 3 * hourMs);
    expect(spend.dayMicros).toBe(0);
  });
});
