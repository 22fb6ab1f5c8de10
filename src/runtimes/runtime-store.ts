import { and, asc, count, eq, exists, gt, isNotNull, isNull, lte, type SQL } from "drizzle-orm";
import type { Alongside, Database } from "../db/client.ts";
import { isAfter, type Page } from "../db/page.ts";
import { keys, runtimes, secrets } from "../db/tables/index.ts";

export type RuntimeRow = typeof runtimes.$inferSelect;
export type RuntimeStatus = "alive" | "silent" | "ended";

/** A page of an organization's runtimes, the oldest first. */
export function listRuntimes(
  db: Database,
  filter: {
    organizationId: string;
    keyId: string | undefined;
    status: RuntimeStatus | undefined;
    nowMs: number;
  },
  page: Page,
): Promise<RuntimeRow[]> {
  const { organizationId, keyId, status, nowMs } = filter;
  return db.read
    .select()
    .from(runtimes)
    .where(
      and(
        eq(runtimes.organizationId, organizationId),
        keyId === undefined ? undefined : eq(runtimes.keyId, keyId),
        status && hasStatus(status, nowMs),
        isAfter(page, runtimes.createdAtMs, runtimes.id),
      ),
    )
    .orderBy(asc(runtimes.createdAtMs), asc(runtimes.id))
    .limit(page.limit + 1);
}

/** A runtime of the organization, with the key it stands for; undefined for a missing and a foreign one. */
export async function findRuntime(
  db: Database,
  organizationId: string,
  runtimeId: string,
): Promise<{ runtime: RuntimeRow; key: typeof keys.$inferSelect } | undefined> {
  const rows = await db.lookup
    .select({ runtime: runtimes, key: keys })
    .from(runtimes)
    .innerJoin(keys, eq(keys.id, runtimes.keyId))
    .where(and(eq(runtimes.id, runtimeId), eq(runtimes.organizationId, organizationId)));
  return rows[0];
}

/** How many runtimes of a key are alive. */
export async function countAlive(db: Database, keyId: string, nowMs: number): Promise<number> {
  const rows = await db.lookup
    .select({ runtimes: count() })
    .from(runtimes)
    .where(and(eq(runtimes.keyId, keyId), hasStatus("alive", nowMs)));
  return rows[0]?.runtimes ?? 0;
}

/** How many runtimes a key has registered since a moment. */
export async function countRegistered(
  db: Database,
  keyId: string,
  sinceMs: number,
): Promise<number> {
  const rows = await db.lookup
    .select({ runtimes: count() })
    .from(runtimes)
    .where(and(eq(runtimes.keyId, keyId), gt(runtimes.createdAtMs, sinceMs)));
  return rows[0]?.runtimes ?? 0;
}

/** The statements that make a runtime with its secret, which is one of its key. */
export function insertRuntime(
  db: Database,
  runtime: RuntimeRow,
  secret: typeof secrets.$inferSelect,
): Alongside {
  return [db.write.insert(runtimes).values(runtime), db.write.insert(secrets).values(secret)];
}

/** The statements by which a runtime lives on until `expiresAtMs`; one that has ended stays so. */
export async function prolong(
  db: Database,
  runtimeId: string,
  { nowMs, expiresAtMs }: { nowMs: number; expiresAtMs: number },
): Promise<void> {
  // It may have been ended since it was read: the end stays.
  const stillAlive = db.write
    .select({ id: runtimes.id })
    .from(runtimes)
    .where(and(eq(runtimes.id, runtimeId), hasStatus("alive", nowMs)));
  await db.write.batch([
    db.write
      .update(runtimes)
      .set({ heartbeatAtMs: nowMs, expiresAtMs })
      .where(and(eq(runtimes.id, runtimeId), hasStatus("alive", nowMs))),
    db.write
      .update(secrets)
      .set({ expiresAtMs })
      .where(and(eq(secrets.runtimeId, runtimeId), exists(stillAlive))),
  ]);
}

/** The statements that end a runtime and its secret. */
export function endRuntimeRows(
  db: Database,
  runtimeId: string,
  by: { actorId: string; nowMs: number },
): Alongside {
  return [
    db.write
      .update(secrets)
      .set({ expiresAtMs: by.nowMs })
      .where(and(eq(secrets.runtimeId, runtimeId), gt(secrets.expiresAtMs, by.nowMs))),
    db.write
      .update(runtimes)
      .set({ endedAtMs: by.nowMs, endedBy: by.actorId })
      .where(and(eq(runtimes.id, runtimeId), isNull(runtimes.endedAtMs))),
  ];
}

/** The same rule as `statusOf`, in SQL. */
function hasStatus(status: RuntimeStatus, nowMs: number): SQL | undefined {
  switch (status) {
    case "ended":
      return isNotNull(runtimes.endedAtMs);
    case "silent":
      return and(isNull(runtimes.endedAtMs), lte(runtimes.expiresAtMs, nowMs));
    case "alive":
      return and(isNull(runtimes.endedAtMs), gt(runtimes.expiresAtMs, nowMs));
  }
}
