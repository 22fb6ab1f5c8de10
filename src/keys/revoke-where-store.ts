import { and, isNull, type SQL } from "drizzle-orm";
import type { Alongside, Database } from "../db/client.ts";
import { keys } from "../db/tables/index.ts";

/** The statement that revokes every key that meets a condition: its owner goes, and no key is orphaned. */
export function revokeKeysWhere(
  db: Database,
  condition: SQL | undefined,
  by: { actorId: string; nowMs: number; reason: string },
): Alongside {
  const { actorId: revokedBy, nowMs, reason: revokeReason } = by;
  return [
    db.write
      .update(keys)
      .set({ revokedAtMs: nowMs, revokedBy, revokeReason, updatedAtMs: nowMs })
      .where(and(condition, isNull(keys.revokedAtMs))),
  ];
}
