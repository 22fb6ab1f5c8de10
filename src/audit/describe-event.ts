import { toTimestamp } from "../http/schema-parts.ts";
import type { ActorType } from "../organizations/actor.ts";
import type { AuditAction, AuditRow, Changes } from "./audit-event.ts";
import type { AuditEvent } from "./schemas.ts";

/** The row as the API shows it. */
export function describeEvent(row: AuditRow): AuditEvent {
  return {
    sequence: row.sequence,
    at: toTimestamp(row.atMs),
    // The columns hold what `chainRow` wrote: words of the closed lists.
    actor: { type: row.actorType as ActorType, id: row.actorId, user_id: row.userId },
    action: row.action as AuditAction,
    target: { type: row.targetType, id: row.targetId },
    changes: JSON.parse(row.changes) as Changes,
    address: row.address,
    user_agent: row.userAgent,
    request_id: row.requestId,
    previous_hash: row.previousHash,
    hash: row.hash,
  };
}
