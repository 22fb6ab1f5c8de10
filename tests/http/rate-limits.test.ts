import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { dayMs, hourMs, minuteMs } from "../../src/core/clock.ts";
import { startTestApp, type TestApp } from "../support/test-app.ts";
import { TestClock } from "../support/test-clock.ts";

let app: TestApp;
const clock = new TestClock("2026-03-02T10:00:28.000Z");
beforeAll(async () => {
  app = await startTestApp({ clock, flags: { anonymousPerMinute: "50" } });
});
afterEach(() => clock.advance(minuteMs));
afterAll(() => app.stop());

const burst = async (secret: string, count: number) => {
  const answers = await Promise.all(
    Array.from({ length: count }, () => app.call("/key", { key: secret })),
  );
  return answers.filter(({ status }) => status === 200).length;
};

describe("rate limits", () => {
  test("both header families tell the window that is nearest to its end of quota", async () => {
    const key = await app.newKey({ limits: { requests_per_minute: 60, requests_per_day: 1_000 } });
    const { headers } = await app.call("/key", { key: key.secret });
    const now = clock.nowMs();
    const minuteEnd = Math.ceil(now / minuteMs) * minuteMs;
    expect(headers.get("x-ratelimit-limit")).toBe("60");
    expect(headers.get("x-ratelimit-remaining")).toBe("59");
    expect(headers.get("x-ratelimit-reset")).toBe(String(minuteEnd / 1_000));
    expect(headers.get("x-ratelimit-window")).toBe("60");
    expect(headers.get("ratelimit-policy")).toBe('"minute";q=60;w=60, "day";q=1000;w=86400');
    const toMidnight = (Math.ceil(now / dayMs) * dayMs - now) / 1_000;
    expect(headers.get("ratelimit")).toBe(
      `"minute";r=59;t=${(minuteEnd - now) / 1_000}, "day";r=999;t=${toMidnight}`,
    );
  });

  test("the day is the nearest window when less is left of it", async () => {
    const key = await app.newKey({ limits: { requests_per_minute: 60, requests_per_day: 5 } });
    const { headers } = await app.call("/key", { key: key.secret });
    expect(headers.get("x-ratelimit-limit")).toBe("5");
    expect(headers.get("x-ratelimit-remaining")).toBe("4");
    expect(headers.get("x-ratelimit-window")).toBe("86400");
  });

  test("429 has Retry-After, the same in the body, and is not cached", async () => {
    const key = await app.newKey({ limits: { requests_per_minute: 1 } });
    await app.call("/key", { key: key.secret });
    const answer = await app.call("/key", { key: key.secret });
    expect(answer.status).toBe(429);
    expect(answer.body.error).toMatchObject({
      type: "rate_limit_error",
      code: "rate_limit_exceeded",
      retry_after: 32,
      message: "Rate limit exceeded. Please retry after 32 seconds.",
    });
    expect(answer.headers.get("retry-after")).toBe("32");
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(answer.headers.get("x-ratelimit-remaining")).toBe("0");
    clock.advance(31_999);
    expect((await app.call("/key", { key: key.secret })).status).toBe(429);
    clock.advance(1);
    expect((await app.call("/key", { key: key.secret })).status).toBe(200);
    clock.advance(28_000);
  });

  test("the daily limit names itself and its midnight", async () => {
    const key = await app.newKey({ limits: { requests_per_day: 1, requests_per_minute: 1 } });
    await app.call("/key", { key: key.secret });
    const answer = await app.call("/key", { key: key.secret });
    expect(answer.body.error.code).toBe("daily_limit_reached");
    expect(answer.body.error.message).toBe("Daily limit reached (1). Resets at midnight UTC.");
    const midnight = Math.ceil(clock.nowMs() / dayMs) * dayMs;
    expect(answer.headers.get("retry-after")).toBe(String((midnight - clock.nowMs()) / 1_000));
  });

  test("of ten times the limit at once exactly the limit passes, in each window", async () => {
    const key = await app.newKey({ limits: { requests_per_minute: 64, requests_per_day: 150 } });
    expect(await burst(key.secret, 640)).toBe(64);
    clock.advance(minuteMs);
    expect(await burst(key.secret, 640)).toBe(64);
    clock.advance(minuteMs);
    expect(await burst(key.secret, 640)).toBe(22);
    clock.advance(minuteMs);
    expect(await burst(key.secret, 640)).toBe(0);
    clock.advance(dayMs);
    expect(await burst(key.secret, 640)).toBe(64);
  });

  test("a clock that is stepped back and forth neither frees nor locks", async () => {
    const key = await app.newKey({ limits: { requests_per_minute: 5, requests_per_day: 100 } });
    expect(await burst(key.secret, 10)).toBe(5);
    clock.step(-hourMs);
    expect(await burst(key.secret, 10)).toBe(0);
    clock.step(hourMs);
    expect(await burst(key.secret, 10)).toBe(0);
    clock.step(-hourMs);
    const refused = await app.call("/key", { key: key.secret });
    const waitSeconds = Number(refused.headers.get("retry-after"));
    expect(waitSeconds).toBeLessThanOrEqual(67);
    const reset = Number(refused.headers.get("x-ratelimit-reset"));
    expect(Math.abs(reset - (clock.nowMs() / 1_000 + waitSeconds))).toBeLessThanOrEqual(1);
    clock.advance(waitSeconds * 1_000);
    expect(await burst(key.secret, 10)).toBe(5);
    clock.step(hourMs);
  });

  test("a limit of 0 admits nobody and no limit admits everybody, without headers", async () => {
    const none = await app.newKey({ limits: { requests_per_minute: 0 } });
    expect(await burst(none.secret, 5)).toBe(0);
    const free = await app.newKey({ plan: "unlimited" });
    expect(await burst(free.secret, 500)).toBe(500);
    const { headers } = await app.call("/key", { key: free.secret });
    expect(headers.get("x-ratelimit-limit")).toBeNull();
    expect(headers.get("ratelimit")).toBeNull();
  });

  test("the concurrent limit holds what is under way and lets go of it, also after an error", async () => {
    const key = await app.newKey({ plan: "unlimited", limits: { concurrent_requests: 2 } });
    await app.call("/key", { key: key.secret });
    const { authenticator } = app.services;
    const gates = [1, 2].map(() => Promise.withResolvers<string>());
    const enter = (work: () => Promise<string>) => {
      const headers = { authorization: `Bearer ${key.secret}` };
      const request = new Request("http://localhost/key", { headers });
      return authenticator.admit({ request, headers: {} }, { scopes: [] }, work);
    };
    const running = gates.map(({ promise }) => enter(() => promise));
    const third = await app.call("/key", { key: key.secret });
    expect([third.status, third.body.error.code]).toEqual([429, "concurrency_limit_reached"]);
    expect(third.headers.get("retry-after")).toBe("1");
    gates[0]?.resolve("done");
    expect(await running[0]).toBe("done");
    expect((await app.call("/key", { key: key.secret })).status).toBe(200);
    gates[1]?.reject(new Error("failed"));
    expect(await Promise.resolve(running[1]).catch(String)).toBe("Error: failed");
    const last = await app.call("/key", { key: key.secret });
    expect(last.body.rate_limits.concurrent_requests).toEqual({ limit: 2, remaining: 1 });
  });

  test("requests without a good key are limited by address, and a good key passes still", async () => {
    const key = await app.newKey();
    const attempts = await Promise.all(Array.from({ length: 60 }, () => app.call("/key")));
    expect(attempts.filter(({ status }) => status === 401).length).toBe(50);
    const refused = attempts.find(({ status }) => status === 429);
    const toMinuteEnd = (minuteMs - (clock.nowMs() % minuteMs)) / 1_000;
    expect(refused?.headers.get("retry-after")).toBe(String(Math.ceil(toMinuteEnd)));
    for (const path of ["/nothing/here", "/docs", "/api-keys"]) {
      expect((await app.call(path)).status).toBe(429);
    }
    expect((await app.call("/healthz")).status).toBe(200);
    expect((await app.call("/key", { key: key.secret })).status).toBe(200);
  });

  test("where nothing is, a good key that is not in memory is known as one that is", async () => {
    const key = await app.newKey({ limits: { requests_per_minute: 7 } });
    const { headers } = await app.call("/nothing/here", { key: key.secret });
    expect(headers.get("x-ratelimit-limit")).toBe("7");
    await Promise.all(Array.from({ length: 60 }, () => app.call("/key")));
    for (const [path, method, status] of [
      ["/nothing/here", "GET", 404],
      ["/key", "DELETE", 405],
    ] as const) {
      app.services.liveKeys.invalidateAll();
      const answer = await app.call(path, { key: key.secret, method });
      expect([answer.status, answer.headers.get("x-ratelimit-remaining")]).toEqual([status, "7"]);
    }
    await app.manage(`/api-keys/${key.id}`, { method: "DELETE" });
    expect((await app.call("/nothing/here", { key: key.secret })).status).toBe(429);
    clock.advance(minuteMs);
    const { headers: _, body, ...without } = await app.call("/nothing/here");
    for (const secret of [key.secret, `sk_live_${"0".repeat(64)}`]) {
      const answer = await app.call("/nothing/here", { key: secret });
      expect(answer.headers.get("x-ratelimit-limit")).toBeNull();
      expect(answer.status).toBe(without.status);
      expect(answer.body).toEqual({
        error: { ...body.error, request_id: answer.body.error.request_id },
      });
    }
  });
});

describe("counters", () => {
  test("day and minute go on after a restart", async () => {
    const restartClock = new TestClock("2026-03-02T10:00:28.000Z");
    const first = await startTestApp({ clock: restartClock });
    const key = await first.newKey({ limits: { requests_per_minute: 10, requests_per_day: 12 } });
    for (let i = 0; i < 8; i++) await first.call("/key", { key: key.secret });
    await first.stop({ keepFolder: true });
    const second = await startTestApp({ clock: restartClock, folder: first.folder });
    const answer = await second.call("/key", { key: key.secret });
    expect(answer.body.rate_limits).toMatchObject({
      requests_per_minute: { remaining: 1 },
      requests_per_day: { remaining: 3 },
    });
    expect(answer.body.requests_total).toBe(9);
    restartClock.advance(minuteMs);
    const later = await second.call("/key", { key: key.secret });
    expect(later.body.rate_limits.requests_per_minute.remaining).toBe(9);
    expect(later.body.rate_limits.requests_per_day.remaining).toBe(2);
    await second.stop();
  });

  test("keys that come in at once are each counted before any can leave memory", async () => {
    const small = await startTestApp({ clock: new TestClock(), flags: { liveKeysMax: "1000" } });
    const keys = await small.newKeys(1_400, { limits: { requests_per_minute: 1 } });
    const askAll = () =>
      Promise.all(
        keys.map(async ({ secret }) => (await small.call("/key", { key: secret })).status),
      );
    const statuses = [...(await askAll()), ...(await askAll())];
    expect(statuses.filter((status) => status === 200).length).toBeLessThanOrEqual(keys.length);
    await small.services.writeBehind.save();
    const again = await askAll();
    expect(again.filter((status) => status === 200)).toEqual([]);
    await small.stop();
  });

  test("a key that left memory comes back with its counters", async () => {
    const small = await startTestApp({ clock: new TestClock(), flags: { liveKeysMax: "1000" } });
    const key = await small.newKey({ limits: { requests_per_minute: 10 } });
    for (let i = 0; i < 4; i++) await small.call("/key", { key: key.secret });
    await small.services.writeBehind.save();
    const others = await small.newKeys(2_200);
    for (const other of others) {
      await small.call("/key", { key: other.secret });
      if (small.services.writeBehind.unsavedCount >= 200) await small.services.writeBehind.save();
    }
    expect(small.services.liveKeys.size).toBeLessThanOrEqual(1_001);
    const answer = await small.call("/key", { key: key.secret });
    expect(answer.headers.get("x-ratelimit-remaining")).toBe("5");
    await small.stop();
  });
});

test("a malformed Authorization header counts against the address like a bad key", async () => {
  const fresh = await startTestApp({ flags: { anonymousPerMinute: "5" } });
  const statuses: number[] = [];
  for (let at = 0; at < 7; at++) {
    const path = at % 2 === 0 ? "/key" : "/api-keys";
    const { status } = await fresh.call(path, { headers: { authorization: "Bearer a b" } });
    statuses.push(status);
  }
  await fresh.stop();
  expect(statuses).toEqual([400, 400, 400, 400, 400, 429, 429]);
});
