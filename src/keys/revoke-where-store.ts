import { and, isNull, type SQL } from "drizzle-orm";
import type { Alongside, Database } from "../db/client.ts";
import { keys } from "../db/tables/index.ts";
import { insertKeyEvents } from "../webhooks/event-store.ts";

/** The statements that revoke every key that meets a condition, and tell of it: its owner goes, and no key is orphaned. */
export function revokeKeysWhere(
  db: Database,
  condition: SQL | undefined,
  by: { actorId: string; nowMs: number; reason: string },
): Alongside {
  const { actorId: revokedBy, nowMs, reason: revokeReason } = by;
  const more = { revoked_by: revokedBy, reason: revokeReason };
  return [
    ...insertKeyEvents(db, condition, { type: "key.revoked", nowMs, more }),
    db.write
      .update(keys)
      .set({ revokedAtMs: nowMs, revokedBy, revokeReason, updatedAtMs: nowMs })
      .where(and(condition, isNull(keys.revokedAtMs))),
  ];
}
