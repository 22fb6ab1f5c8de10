// The closed list of words about usage: columns, schemas and rules share it.

export const usageIntervals = ["minute", "hour", "day"] as const;
export type UsageInterval = (typeof usageIntervals)[number];
