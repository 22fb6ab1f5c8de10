import first from "./0000_first.sql" with { type: "text" };
import invalidationTriggers from "./0001_invalidation_triggers.sql" with { type: "text" };
import auditLog from "./0002_audit_log.sql" with { type: "text" };
import auditLogAppendOnly from "./0003_audit_log_append_only.sql" with { type: "text" };
import tenancy from "./0004_tenancy.sql" with { type: "text" };
import tenancyTriggers from "./0005_tenancy_triggers.sql" with { type: "text" };
import credits from "./0006_credits.sql" with { type: "text" };
import creditsTriggers from "./0007_credits_triggers.sql" with { type: "text" };
import moneyAndEvents from "./0008_money_and_events.sql" with { type: "text" };
import moneyAndEventsTriggers from "./0009_money_and_events_triggers.sql" with { type: "text" };
import requestIndexes from "./0010_request_indexes.sql" with { type: "text" };
import holdPrices from "./0011_hold_prices.sql" with { type: "text" };
import importing from "./0012_import.sql" with { type: "text" };
import usageFloors from "./0013_usage_floors.sql" with { type: "text" };
import dialect from "./0014_dialect.sql" with { type: "text" };
import pendingDeliveries from "./0015_pending_deliveries.sql" with { type: "text" };
import workspaceLimitsTrigger from "./0016_workspace_limits_trigger.sql" with { type: "text" };

export interface Migration {
  name: string;
  sql: string;
}

/** Every migration in its order, inside the binary. A test holds this list against the folder. */
export const migrations: readonly Migration[] = [
  { name: "0000_first", sql: first },
  { name: "0001_invalidation_triggers", sql: invalidationTriggers },
  { name: "0002_audit_log", sql: auditLog },
  { name: "0003_audit_log_append_only", sql: auditLogAppendOnly },
  { name: "0004_tenancy", sql: tenancy },
  { name: "0005_tenancy_triggers", sql: tenancyTriggers },
  { name: "0006_credits", sql: credits },
  { name: "0007_credits_triggers", sql: creditsTriggers },
  { name: "0008_money_and_events", sql: moneyAndEvents },
  { name: "0009_money_and_events_triggers", sql: moneyAndEventsTriggers },
  { name: "0010_request_indexes", sql: requestIndexes },
  { name: "0011_hold_prices", sql: holdPrices },
  { name: "0012_import", sql: importing },
  { name: "0013_usage_floors", sql: usageFloors },
  { name: "0014_dialect", sql: dialect },
  { name: "0015_pending_deliveries", sql: pendingDeliveries },
  { name: "0016_workspace_limits_trigger", sql: workspaceLimitsTrigger },
];
