import { afterEach, describe, expect, jest, test } from "bun:test";
import { Repeating } from "../../src/core/repeating.ts";

afterEach(() => jest.useRealTimers());

/** Runs whose end is up to the test. */
function repeating() {
  const logged: string[] = [];
  const ends: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const note = (message: string) => void logged.push(message);
  const log = { debug: note, info: note, warn: note, error: note };
  const runs = new Repeating({
    everyMs: 1_000,
    run: () => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      ends.push({ resolve, reject });
      return promise;
    },
    log,
    failed: "it fails",
    recovered: "it works again",
  });
  const end = async (at: number, error?: Error) => {
    if (error === undefined) ends[at]?.resolve();
    else ends[at]?.reject(error);
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  };
  return { runs, ends, logged, end };
}

describe("repeating", () => {
  test("runs after each interval, and never two at a time", async () => {
    jest.useFakeTimers();
    const { runs, ends, end } = repeating();
    runs.start();
    jest.advanceTimersByTime(999);
    expect(ends.length).toBe(0);
    jest.advanceTimersByTime(1);
    expect(ends.length).toBe(1);
    jest.advanceTimersByTime(5_000);
    runs.wake();
    expect(ends.length).toBe(1);
    await end(0);
    jest.advanceTimersByTime(1_000);
    expect(ends.length).toBe(2);
    await end(1);
    runs.wake();
    expect(ends.length).toBe(3);
    await end(2);
    await runs.stop();
  });

  test("a stop waits for the run under way; nothing begins by itself after it", async () => {
    jest.useFakeTimers();
    const { runs, ends, end } = repeating();
    runs.start();
    jest.advanceTimersByTime(1_000);
    let isStopped = false;
    const stopping = runs.stop().then(() => {
      isStopped = true;
    });
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    expect([isStopped, runs.isStopped, runs.isRunning]).toEqual([false, true, true]);
    await end(0);
    await stopping;
    jest.advanceTimersByTime(10_000);
    runs.wake();
    expect(ends.length).toBe(1);
    const last = runs.run();
    expect(ends.length).toBe(2);
    await end(1);
    await last;
  });

  test("runs that are asked for wait for the one under way, and go one after the other", async () => {
    const { runs, ends, end } = repeating();
    const asked = [runs.run(), runs.run(), runs.run()];
    for (const at of [0, 1, 2]) {
      expect(ends.length).toBe(at + 1);
      await end(at);
    }
    await Promise.all(asked);
  });

  test("failures are logged once until a run goes well, which is logged too", async () => {
    const { runs, logged, end } = repeating();
    for (const [at, isWell] of [true, false, false, true, true, false].entries()) {
      const run = runs.run();
      await end(at, isWell ? undefined : new Error("disk full"));
      await run;
      expect(runs.isFailing).toBe(!isWell);
    }
    expect(logged).toEqual(["it fails", "it works again", "it fails"]);
  });
});
