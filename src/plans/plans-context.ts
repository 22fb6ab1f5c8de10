import type { AuditLog } from "../audit/audit-log.ts";
import type { Clock } from "../core/clock.ts";
import type { Database } from "../db/client.ts";

/** What the verbs of this feature work with. */
export interface PlansContext {
  db: Database;
  audit: AuditLog;
  clock: Clock;
  /** A plan changed: whatever memory holds of any key may be wrong. */
  invalidateAll: () => void;
}
