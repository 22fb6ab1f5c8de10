import type { AuditLog } from "../audit/audit-log.ts";
import type { Clock } from "../core/clock.ts";
import type { Database } from "../db/client.ts";
import type { RechargeRules } from "./recharge-rules.ts";

/** What the verbs about recharges work with. */
export interface RechargesContext {
  db: Database;
  audit: AuditLog;
  clock: Clock;
  rules: RechargeRules;
}
