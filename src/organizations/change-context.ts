import type { AuditLog } from "../audit/audit-log.ts";
import type { Clock } from "../core/clock.ts";
import type { Database } from "../db/client.ts";

/** What the verbs that change tenants and people work with. */
export interface ChangeContext {
  db: Database;
  audit: AuditLog;
  clock: Clock;
  /** Forgets what memory holds of a user's keys: the user, or what the user wears, has changed. */
  invalidateUser: (userId: string) => void;
  /** Forgets what memory holds of an organization's keys: its state, plan, workspaces or hats. */
  invalidateOrganization: (organizationId: string) => void;
}
