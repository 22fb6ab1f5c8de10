import { minuteMs } from "../core/clock.ts";
import { limitMax } from "../plans/schemas.ts";
import { type Counters, dayEndMs, type Limits, minuteEndMs } from "./counters.ts";
import type { WindowClock } from "./window-clock.ts";

const minuteSeconds = 60;
const daySeconds = 86_400;

/**
 * Keeps both header families of one key up to date in a `Headers` object: `X-RateLimit-*` for the
 * window with the fewest requests left, and `RateLimit-Policy`/`RateLimit` (IETF
 * draft-ietf-httpapi-ratelimit-headers) with one item a window. Setting a header costs more than
 * working out its value, so what did not change since the last answer is not set again.
 */
export class RateLimitHeaders {
  #nearestWindow = -1;
  #nearestSeconds = 0;
  #clockSteps = 0;
  #hasPolicy = false;

  private readonly limits: Limits;

  /** With `isAlways` a key without windows shows the largest limit that can be set. */
  constructor(limits: Limits, isAlways = false) {
    this.limits =
      isAlways && limits.requestsPerMinute === null && limits.requestsPerDay === null
        ? { ...limits, requestsPerMinute: limitMax }
        : limits;
  }

  /** Brings `headers` up to date. The windows must be rolled. A key without windows has no headers. */
  write(headers: Headers, counters: Counters, clock: WindowClock): void {
    const { requestsPerMinute: perMinute, requestsPerDay: perDay } = this.limits;
    if (perMinute === null && perDay === null) return;
    const minuteLeft =
      perMinute === null ? Infinity : Math.max(0, perMinute - counters.minuteCount);
    const dayLeft = perDay === null ? Infinity : Math.max(0, perDay - counters.dayCount);
    const isDayNearest = dayLeft <= minuteLeft;
    if (!this.#hasPolicy) this.#writePolicy(headers, perMinute, perDay);
    this.#writeNearest(headers, counters, clock, isDayNearest);
    headers.set("x-ratelimit-remaining", String(isDayNearest ? dayLeft : minuteLeft));
    const minute =
      perMinute === null
        ? ""
        : `"minute";r=${minuteLeft};t=${secondsUntil(clock, minuteEndMs(counters))}`;
    const day =
      perDay === null ? "" : `"day";r=${dayLeft};t=${secondsUntil(clock, dayEndMs(counters))}`;
    headers.set("ratelimit", minute !== "" && day !== "" ? `${minute}, ${day}` : minute + day);
  }

  #writePolicy(headers: Headers, perMinute: number | null, perDay: number | null): void {
    const items: string[] = [];
    if (perMinute !== null) items.push(`"minute";q=${perMinute};w=${minuteSeconds}`);
    if (perDay !== null) items.push(`"day";q=${perDay};w=${daySeconds}`);
    headers.set("ratelimit-policy", items.join(", "));
    this.#hasPolicy = true;
  }

  #writeNearest(
    headers: Headers,
    counters: Counters,
    clock: WindowClock,
    isDayNearest: boolean,
  ): void {
    const seconds = isDayNearest ? daySeconds : minuteSeconds;
    const endMs = isDayNearest ? dayEndMs(counters) : minuteEndMs(counters);
    const window = endMs / minuteMs;
    const isSame = window === this.#nearestWindow && seconds === this.#nearestSeconds;
    if (isSame && clock.steps === this.#clockSteps) return;
    this.#nearestWindow = window;
    this.#nearestSeconds = seconds;
    this.#clockSteps = clock.steps;
    const limit = isDayNearest ? this.limits.requestsPerDay : this.limits.requestsPerMinute;
    headers.set("x-ratelimit-limit", String(limit));
    headers.set("x-ratelimit-reset", String(Math.ceil(clock.toWallMs(endMs) / 1_000)));
    headers.set("x-ratelimit-window", String(seconds));
  }
}

/** `X-RateLimit-*` of an address without a key, for an answer that has none. */
export function writeAddressLimit(
  headers: Headers,
  { limit, left, resetMs }: { limit: number; left: number; resetMs: number },
): void {
  headers.set("x-ratelimit-limit", String(limit));
  headers.set("x-ratelimit-remaining", String(left));
  headers.set("x-ratelimit-reset", String(Math.ceil(resetMs / 1_000)));
  headers.set("x-ratelimit-window", String(minuteSeconds));
}

function secondsUntil(clock: WindowClock, endMs: number): number {
  return Math.max(0, Math.ceil(clock.untilMs(endMs) / 1_000));
}
