import { dayMs } from "../core/clock.ts";
import type { SpendReset } from "../core/money.ts";

/** What somebody has spent and holds: in all, and in the current day, week and month. */
export interface Spend {
  totalMicros: number;
  heldMicros: number;
  dayStartMs: number;
  dayMicros: number;
  weekStartMs: number;
  weekMicros: number;
  monthStartMs: number;
  monthMicros: number;
}

/** 5 January 1970 was a Monday. */
const firstMondayMs = 4 * dayMs;

/** Where the day, the week from Monday and the month of a moment begin, in UTC. */
export function windowStarts(atMs: number): { day: number; week: number; month: number } {
  const day = Math.floor(atMs / dayMs) * dayMs;
  const week = Math.floor((atMs - firstMondayMs) / (7 * dayMs)) * 7 * dayMs + firstMondayMs;
  const date = new Date(atMs);
  return { day, week, month: Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1) };
}

/** Where the windows after those of a moment begin. */
function nextStarts(atMs: number): ReturnType<typeof windowStarts> {
  const { day, week, month } = windowStarts(atMs);
  const date = new Date(month);
  const nextMonth = Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
  return { day: day + dayMs, week: week + 7 * dayMs, month: nextMonth };
}

/** Of somebody who has not spent anything yet. */
export function noSpend(atMs: number): Spend {
  const { day, week, month } = windowStarts(atMs);
  return {
    totalMicros: 0,
    heldMicros: 0,
    dayStartMs: day,
    dayMicros: 0,
    weekStartMs: week,
    weekMicros: 0,
    monthStartMs: month,
    monthMicros: 0,
  };
}

/**
 * Moves on to the windows of `atMs`. Going back neither frees nor locks anybody: a stored window that is
 * the next one stays, so that its sum counts when it comes again; one that lies further ahead is of a
 * clock that was wrong, and becomes the current one with its sum. Returns whether there was such a one,
 * which is to be stored: else it would lie ahead for as long as nothing can be charged.
 */
export function rollSpend(spend: Spend, atMs: number): boolean {
  const now = windowStarts(atMs);
  const next = nextStarts(atMs);
  const isWrong =
    spend.dayStartMs > next.day || spend.weekStartMs > next.week || spend.monthStartMs > next.month;
  if (now.day > spend.dayStartMs) spend.dayMicros = 0;
  if (now.week > spend.weekStartMs) spend.weekMicros = 0;
  if (now.month > spend.monthStartMs) spend.monthMicros = 0;
  if (spend.dayStartMs !== next.day) spend.dayStartMs = now.day;
  if (spend.weekStartMs !== next.week) spend.weekStartMs = now.week;
  if (spend.monthStartMs !== next.month) spend.monthStartMs = now.month;
  return isWrong;
}

/**
 * Adds a charge to the total, and to those of the current windows in which it was admitted. A window that
 * lies ahead of `atMs` takes it in any case.
 */
export function addSpend(
  spend: Spend,
  micros: number,
  { admittedAtMs, atMs }: { admittedAtMs: number; atMs: number },
): void {
  const admitted = windowStarts(admittedAtMs);
  const now = windowStarts(atMs);
  // After nine billion USD it stays there, and a limit that high is reached for good.
  spend.totalMicros = Math.min(spend.totalMicros + micros, Number.MAX_SAFE_INTEGER);
  if (admitted.day >= Math.min(spend.dayStartMs, now.day)) spend.dayMicros += micros;
  if (admitted.week >= Math.min(spend.weekStartMs, now.week)) spend.weekMicros += micros;
  if (admitted.month >= Math.min(spend.monthStartMs, now.month)) spend.monthMicros += micros;
}

/** What counts against a limit with this reset. */
export function spentSince(spend: Spend, reset: SpendReset): number {
  switch (reset) {
    case "never":
      return spend.totalMicros;
    case "daily":
      return spend.dayMicros;
    case "weekly":
      return spend.weekMicros;
    case "monthly":
      return spend.monthMicros;
  }
}

/** Where the current window of a limit with this reset begins; 0 for one that is never reset. */
export function resetStartMs(spend: Spend, reset: SpendReset): number {
  switch (reset) {
    case "never":
      return 0;
    case "daily":
      return spend.dayStartMs;
    case "weekly":
      return spend.weekStartMs;
    case "monthly":
      return spend.monthStartMs;
  }
}
