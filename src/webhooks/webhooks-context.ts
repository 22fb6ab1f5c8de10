import type { AuditLog } from "../audit/audit-log.ts";
import type { Clock } from "../core/clock.ts";
import type { Database } from "../db/client.ts";
import type { AddressRange } from "../permissions/address-range.ts";
import type { WebhookSecrets } from "./signing.ts";

/** What the verbs about webhooks work with. */
export interface WebhooksContext {
  db: Database;
  audit: AuditLog;
  clock: Clock;
  secrets: WebhookSecrets;
  /** Networks inside that webhooks may reach. */
  allowed: readonly AddressRange[];
  /** Told that somebody may listen now to what nobody listened to before. */
  noteListener: () => void;
}
