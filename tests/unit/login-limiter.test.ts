import { describe, expect, test } from "bun:test";
import { minuteMs } from "../../src/core/clock.ts";
import { DomainError } from "../../src/core/errors.ts";
import { hitNamesMax } from "../../src/limits/hit-limiter.ts";
import { WindowClock } from "../../src/limits/window-clock.ts";
import { LoginLimiter, loginsOfOneMax, loginsOfPairMax } from "../../src/sessions/login-limiter.ts";
import { TestClock } from "../support/test-clock.ts";

function createLimiter() {
  const clock = new TestClock();
  const limiter = new LoginLimiter(new WindowClock(clock));
  /** Seconds to wait; 0 when the try may go on. */
  const fail = (account: string, address: string | null): number => {
    try {
      limiter.attempt(account, address);
      return 0;
    } catch (error) {
      if (!(error instanceof DomainError) || error.status !== 429) throw error;
      return error.options.retryAfterSeconds ?? -1;
    }
  };
  const failTimes = (count: number, account: string, address: string | null) => {
    for (let time = 0; time < count; time++) fail(account, address);
  };
  return { clock, limiter, fail, failTimes };
}

const [here, there] = ["192.0.2.1", "198.51.100.1"];

describe("login limiter", () => {
  test("an account from an address has ten tries in a quarter of an hour", () => {
    const { clock, fail, failTimes } = createLimiter();
    failTimes(loginsOfPairMax, "ada", here);
    clock.advance(minuteMs);
    expect([fail("ada", here), fail("ada", there), fail("bob", here)]).toEqual([840, 0, 0]);
    clock.advance(14 * minuteMs);
    expect(fail("ada", here)).toBe(0);
  });

  test("a try that was right does not count", () => {
    const { limiter, fail } = createLimiter();
    for (let time = 0; time < 3 * loginsOfOneMax; time++) limiter.attempt("ada", here)();
    expect(fail("ada", here)).toBe(0);
  });

  test("tries under way count until they are known to be right", () => {
    const { limiter, fail } = createLimiter();
    const takeBacks = Array.from({ length: 10 }, () => limiter.attempt("ada", here));
    expect(fail("ada", here)).toBe(900);
    for (const takeBack of takeBacks) takeBack();
    expect(fail("ada", here)).toBe(0);
  });

  test("the addresses of one IPv6 /64 are one", () => {
    const { fail, failTimes } = createLimiter();
    for (let host = 1; host <= 10; host++) fail("ada", `2001:db8:1:2:0:0:0:${host}`);
    expect(fail("ada", "2001:db8:1:2:ffff:0:0:9")).toBe(900);
    expect(fail("ada", "2001:db8:1:3:0:0:0:1")).toBe(0);
    // Those that nobody knows are one as well.
    failTimes(10, "ada", null);
    expect(fail("ada", null)).toBe(900);
  });

  test("an account has a hundred from everywhere, an address a hundred at all accounts", () => {
    const { fail } = createLimiter();
    for (let at = 0; at < loginsOfOneMax; at++) expect(fail("ada", `192.0.2.${at}`)).toBe(0);
    expect([fail("ada", "203.0.113.1"), fail("bob", "203.0.113.1")]).toEqual([900, 0]);
    for (let at = 0; at < loginsOfOneMax; at++) expect(fail(`user${at}`, there)).toBe(0);
    expect([fail("carol", there), fail("carol", here)]).toEqual([900, 0]);
  });

  test("one address alone does not lock an account out for all others", () => {
    const { fail, failTimes } = createLimiter();
    failTimes(10 * loginsOfOneMax, "ada", here);
    expect(fail("ada", there)).toBe(0);
  });

  test("one who goes on trying does not lock the others out who share the address", () => {
    const { fail, failTimes } = createLimiter();
    failTimes(10 * loginsOfOneMax, "ada", here);
    expect(fail("bob", here)).toBe(0);
  });

  test("an address over its limit cannot fill the table of accounts", () => {
    const { fail } = createLimiter();
    for (let at = 0; at < hitNamesMax; at++) fail(`user${at}`, here);
    for (let at = 0; at < 15; at++) fail("ada", there);
    expect(fail("ada", there)).toBe(900);
    expect(fail("bob", there)).toBe(0);
  });
});
