// The closed lists of words about usage: columns, schemas and rules share them.
import { dayMs, hourMs, minuteMs } from "./clock.ts";

export const usageIntervals = ["minute", "hour", "day"] as const;
export type UsageInterval = (typeof usageIntervals)[number];

/** All divide a day: buckets begin where the clock does, in UTC. */
export const usageIntervalMs: Readonly<Record<UsageInterval, number>> = {
  minute: minuteMs,
  hour: hourMs,
  day: dayMs,
};

/** What an answer about usage can be broken down by. */
export const usageDimensions = ["key", "workspace", "user", "subject", "status"] as const;
export type UsageDimension = (typeof usageDimensions)[number];

/** The status of what was admitted; any other is why it was refused. */
export const admittedStatus = "ok";
