import type { AuditLog } from "../audit/audit-log.ts";
import type { Clock } from "../core/clock.ts";
import type { Database } from "../db/client.ts";
import type { PriceBook } from "./price-book.ts";

/** What the verbs of this feature work with. */
export interface PricesContext {
  db: Database;
  audit: AuditLog;
  clock: Clock;
  book: PriceBook;
}
