export * from "./audit.ts";
export * from "./idempotency.ts";
export * from "./instance.ts";
export * from "./invalidations.ts";
export * from "./keys.ts";
export * from "./organizations.ts";
export * from "./plans.ts";
export * from "./usage.ts";
