import { dayMs, minuteMs } from "../core/clock.ts";

/** The limits in force for a key: its own, else its plan's. `null` is no limit of that kind. */
export interface Limits {
  requestsPerMinute: number | null;
  requestsPerDay: number | null;
  concurrentRequests: number | null;
}

/** What a key has used of its windows. Window numbers count from the Unix epoch. */
export interface Counters {
  minuteWindow: number;
  minuteCount: number;
  dayWindow: number;
  dayCount: number;
  inFlight: number;
  requestsTotal: number;
}

export const limitNames = [
  "requests_per_minute",
  "requests_per_day",
  "concurrent_requests",
] as const;
export type LimitName = (typeof limitNames)[number];

/**
 * Counters as they were saved, for a process that starts at `nowMs`. A saved window that lies ahead
 * (the clock was stepped back while nobody looked) keeps its count and becomes the current one.
 */
export function restoreCounters(saved: Omit<Counters, "inFlight"> | null, nowMs: number): Counters {
  const minuteWindow = Math.floor(nowMs / minuteMs);
  const dayWindow = Math.floor(nowMs / dayMs);
  if (saved === null) {
    return { minuteWindow, minuteCount: 0, dayWindow, dayCount: 0, inFlight: 0, requestsTotal: 0 };
  }
  const counters = { ...saved, inFlight: 0 };
  counters.minuteWindow = Math.min(saved.minuteWindow, minuteWindow);
  counters.dayWindow = Math.min(saved.dayWindow, dayWindow);
  return counters;
}

/** Opens the windows that `nowMs` lies in. `nowMs` comes from the window clock: it never goes back. */
export function rollWindows(counters: Counters, nowMs: number): void {
  const minuteWindow = Math.floor(nowMs / minuteMs);
  if (minuteWindow <= counters.minuteWindow) return;
  counters.minuteWindow = minuteWindow;
  counters.minuteCount = 0;
  const dayWindow = Math.floor(nowMs / dayMs);
  if (dayWindow <= counters.dayWindow) return;
  counters.dayWindow = dayWindow;
  counters.dayCount = 0;
}

/** The limit that one request more would break; the longest wait first. Windows must be rolled. */
export function exceededLimit(counters: Counters, limits: Limits): LimitName | undefined {
  if (limits.requestsPerDay !== null && counters.dayCount >= limits.requestsPerDay) {
    return "requests_per_day";
  }
  if (limits.requestsPerMinute !== null && counters.minuteCount >= limits.requestsPerMinute) {
    return "requests_per_minute";
  }
  if (limits.concurrentRequests !== null && counters.inFlight >= limits.concurrentRequests) {
    return "concurrent_requests";
  }
  return undefined;
}

/** Counts one admitted request. Check and count happen without an await between: that is exact. */
export function countRequest(counters: Counters): void {
  counters.minuteCount++;
  counters.dayCount++;
  counters.requestsTotal++;
}

/** When the current minute ends, on the window clock. */
export function minuteEndMs(counters: Counters): number {
  return (counters.minuteWindow + 1) * minuteMs;
}

/** When the current UTC day ends, on the window clock. */
export function dayEndMs(counters: Counters): number {
  return (counters.dayWindow + 1) * dayMs;
}

/** Takes one counted request back, in the windows that it was counted in if they are still the current ones. */
export function uncountRequest(
  counters: Counters,
  counted: Pick<Counters, "minuteWindow" | "dayWindow">,
): void {
  counters.requestsTotal--;
  if (counters.minuteWindow === counted.minuteWindow) counters.minuteCount--;
  if (counters.dayWindow === counted.dayWindow) counters.dayCount--;
}
