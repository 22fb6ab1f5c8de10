import type { Clock } from "../core/clock.ts";
import type { Database } from "../db/client.ts";
import type { RequestCounts } from "./request-counts.ts";

/** What answers about usage work with. */
export interface UsageContext {
  db: Database;
  clock: Clock;
  requestCounts: RequestCounts;
}
