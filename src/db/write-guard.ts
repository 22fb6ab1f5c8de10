import { sql } from "drizzle-orm";
import type { Alongside, Database } from "./client.ts";
import { writeGuard } from "./tables/index.ts";

/**
 * A statement that makes its transaction fail unless the one before it changed so many rows: what the
 * transaction rests on has then moved on since it was read. It writes to a column that is never NULL.
 */
export function requireChanges(db: Database, rows: number): Alongside[number] {
  return db.write.run(sql`
    INSERT INTO ${writeGuard} (id, ok) VALUES (1, CASE WHEN changes() = ${rows} THEN 1 END)
    ON CONFLICT (id) DO UPDATE SET ok = excluded.ok`);
}

/** True when `requireChanges` took the transaction back: read again, and try again. */
export function isOvertaken(error: unknown): boolean {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 6; depth++) {
    if (at.message.includes("NOT NULL constraint failed: write_guard.ok")) return true;
    at = at.cause;
  }
  return false;
}
