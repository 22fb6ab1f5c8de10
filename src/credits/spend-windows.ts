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
 * Moves on to the windows of `atMs`. A stored window that lies ahead, of a clock that was wrong, keeps
 * its sum and becomes the current one: going back neither frees nor locks anybody.
 */
export function rollSpend(spend: Spend, atMs: number): void {
  const { day, week, month } = windowStarts(atMs);
  if (day > spend.dayStartMs) spend.dayMicros = 0;
  if (week > spend.weekStartMs) spend.weekMicros = 0;
  if (month > spend.monthStartMs) spend.monthMicros = 0;
  spend.dayStartMs = day;
  spend.weekStartMs = week;
  spend.monthStartMs = month;
}

/** Adds a charge to the total, and to those of the current windows in which it was admitted. */
export function addSpend(spend: Spend, micros: number, admittedAtMs: number): void {
  const { day, week, month } = windowStarts(admittedAtMs);
  spend.totalMicros += micros;
  if (day >= spend.dayStartMs) spend.dayMicros += micros;
  if (week >= spend.weekStartMs) spend.weekMicros += micros;
  if (month >= spend.monthStartMs) spend.monthMicros += micros;
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
