import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Units } from "../../src/core/money.ts";
import { amountMaxMicros } from "../../src/credits/micros.ts";
import { costMicros, type Rates } from "../../src/prices/cost.ts";
import { PriceBook } from "../../src/prices/price-book.ts";
import type { PriceRow } from "../../src/prices/price-store.ts";
import { unitsMax } from "../../src/prices/units-schema.ts";

const rate = fc.oneof(
  fc.integer({ min: 0, max: amountMaxMicros }),
  fc.integer({ min: 0, max: 100_000_000 }),
);
const count = fc.oneof(fc.integer({ min: 0, max: unitsMax }), fc.integer({ min: 0, max: 10_000 }));
const rates: fc.Arbitrary<Rates> = fc.record({
  perRequestMicros: rate,
  inputPerMillionMicros: rate,
  outputPerMillionMicros: rate,
});
const units: fc.Arbitrary<Units> = fc.record({
  requests: count,
  input_tokens: count,
  output_tokens: count,
});

/** The cost in millionths of a micro-USD, by fractions that are never rounded. */
function exact(by: Rates, of: Units): bigint {
  return (
    BigInt(of.requests) * BigInt(by.perRequestMicros) * 1_000_000n +
    BigInt(of.input_tokens) * BigInt(by.inputPerMillionMicros) +
    BigInt(of.output_tokens) * BigInt(by.outputPerMillionMicros)
  );
}

describe("the cost of units by a price", () => {
  test("is the exact one rounded up to a micro-USD, and nothing for what no amount may be", () => {
    fc.assert(
      fc.property(rates, units, (by, of) => {
        const cost = costMicros(by, of);
        const micros = exact(by, of);
        if (cost === undefined) {
          expect(micros > BigInt(amountMaxMicros) * 1_000_000n).toBe(true);
          return;
        }
        expect(Number.isSafeInteger(cost) && cost <= amountMaxMicros).toBe(true);
        const excess = BigInt(cost) * 1_000_000n - micros;
        expect(excess >= 0n && excess < 1_000_000n).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  test("of the largest amount passes, and of a millionth of a micro-USD more does not", () => {
    const by = {
      perRequestMicros: amountMaxMicros,
      inputPerMillionMicros: 0,
      outputPerMillionMicros: 1,
    };
    const of = { requests: 1, input_tokens: 0, output_tokens: 0 };
    expect(costMicros(by, of)).toBe(amountMaxMicros);
    expect(costMicros(by, { ...of, output_tokens: 1 })).toBeUndefined();
  });
});

describe("the price in force", () => {
  const row = (subject: string, fields: Partial<PriceRow>): PriceRow => ({
    id: `prc_${subject}_${fields.effectiveFromMs}`,
    kind: "skill",
    subject,
    perRequestMicros: 1,
    inputPerMillionMicros: 0,
    outputPerMillionMicros: 0,
    isEnd: false,
    effectiveFromMs: 0,
    createdAtMs: 0,
    createdBy: "cli",
    ...fields,
  });

  test("is the version with the greatest start that is not after the moment, whatever the order they came in", () => {
    const starts = fc.uniqueArray(fc.integer({ min: 0, max: 50 }), { maxLength: 12 });
    fc.assert(
      fc.property(
        starts,
        fc.integer({ min: 0, max: 60 }),
        fc.func(fc.boolean()),
        (all, at, ends) => {
          const rows = all.map((ms) => row("a/b", { effectiveFromMs: ms, isEnd: ends(ms) }));
          const book = new PriceBook();
          book.add(rows);
          const last = rows
            .filter(({ effectiveFromMs }) => effectiveFromMs <= at)
            .toSorted((a, b) => b.effectiveFromMs - a.effectiveFromMs)[0];
          const expected = last === undefined || last.isEnd ? undefined : last;
          expect(book.inForce("skill", "a/b", at)).toBe(expected as PriceRow);
        },
      ),
    );
  });

  test("does not change while a charge is under way, and charges wait while it changes", async () => {
    const book = new PriceBook();
    const log: string[] = [];
    const under = Promise.withResolvers<void>();
    const first = book.charge(async () => {
      log.push("charging");
      await under.promise;
      log.push("charged");
    });
    const pause = book.pause().then((paused) => {
      log.push("paused");
      return paused;
    });
    const second = book.charge(async () => {
      log.push("charged after");
    });
    under.resolve();
    await first;
    const { resume } = await pause;
    log.push("changed");
    resume();
    await second;
    expect(log).toEqual(["charging", "charged", "paused", "changed", "charged after"]);
  });
});
