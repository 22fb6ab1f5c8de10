import { dayMs, hourMs, minuteMs, secondMs } from "../core/clock.ts";

/** Pauses after the tries of one delivery, as Standard Webhooks proposes; then it has failed. */
export const retryPausesMs: readonly number[] = [
  5 * secondMs,
  5 * minuteMs,
  30 * minuteMs,
  2 * hourMs,
  5 * hourMs,
  10 * hourMs,
  14 * hourMs,
  20 * hourMs,
  dayMs,
];
/** A pause is longer by up to this share, so that what failed together does not come back together. */
const jitterShare = 0.2;
/** A `Retry-After` beyond it is not waited for. */
const retryAfterMaxMs = dayMs;

/**
 * When to try again after so many failed tries; null when there were enough. `Retry-After` (RFC 9110
 * section 10.2.3), in seconds or as a date, can make it later and never earlier.
 */
export function nextAttemptAt(failed: {
  attempts: number;
  atMs: number;
  retryAfter: string | null;
  random: () => number;
}): number | null {
  const { attempts, atMs, retryAfter, random } = failed;
  const pauseMs = retryPausesMs[attempts - 1];
  if (pauseMs === undefined) return null;
  const usualMs = pauseMs * (1 + jitterShare * random());
  const askedMs = Math.min(readRetryAfter(retryAfter, atMs), retryAfterMaxMs);
  return atMs + Math.round(Math.max(usualMs, askedMs));
}

function readRetryAfter(text: string | null, nowMs: number): number {
  if (text === null) return 0;
  const waitMs = /^\d{1,9}$/.test(text) ? Number(text) * secondMs : Date.parse(text) - nowMs;
  return Number.isNaN(waitMs) ? 0 : waitMs;
}
