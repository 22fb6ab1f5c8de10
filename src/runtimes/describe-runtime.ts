import { toOptionalTimestamp, toTimestamp } from "../http/schema-parts.ts";
import type { RuntimeRow, RuntimeStatus } from "./runtime-store.ts";
import type { Runtime } from "./schemas.ts";

/** The runtime as the API shows it. */
export function describeRuntime(row: RuntimeRow, nowMs: number): Runtime {
  return {
    id: row.id,
    key_id: row.keyId,
    name: row.name,
    status: statusOf(row, nowMs),
    address: row.address,
    created_at: toTimestamp(row.createdAtMs),
    heartbeat_at: toTimestamp(row.heartbeatAtMs),
    expires_at: toTimestamp(row.expiresAtMs),
    ended_at: toOptionalTimestamp(row.endedAtMs),
    ended_by: row.endedBy,
  };
}

/** Whether it lives; silence counts as an end, and an end goes before silence. */
export function statusOf(row: RuntimeRow, nowMs: number): RuntimeStatus {
  if (row.endedAtMs !== null) return "ended";
  return row.expiresAtMs > nowMs ? "alive" : "silent";
}
