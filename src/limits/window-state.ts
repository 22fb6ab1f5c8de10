import { dayMs, minuteMs } from "../core/clock.ts";
import { type Counters, dayEndMs, type Limits, minuteEndMs } from "./counters.ts";

/** One window as a client sees it. */
export interface WindowState {
  name: "minute" | "day";
  limit: number;
  remaining: number;
  /** On the window clock. */
  endMs: number;
  seconds: number;
}

/** The limited windows of a key, the shortest first. The windows must be rolled. */
export function windowStates(counters: Counters, limits: Limits): WindowState[] {
  const states: WindowState[] = [];
  const { requestsPerMinute, requestsPerDay } = limits;
  if (requestsPerMinute !== null) {
    const remaining = Math.max(0, requestsPerMinute - counters.minuteCount);
    const endMs = minuteEndMs(counters);
    states.push({
      name: "minute",
      limit: requestsPerMinute,
      remaining,
      endMs,
      seconds: minuteMs / 1_000,
    });
  }
  if (requestsPerDay !== null) {
    const remaining = Math.max(0, requestsPerDay - counters.dayCount);
    const endMs = dayEndMs(counters);
    states.push({ name: "day", limit: requestsPerDay, remaining, endMs, seconds: dayMs / 1_000 });
  }
  return states;
}
