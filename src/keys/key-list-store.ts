import { and, asc, desc, eq, gt, isNotNull, isNull, lte, or, type SQL, sql } from "drizzle-orm";
import { dayMs } from "../core/clock.ts";
import type { Database } from "../db/client.ts";
import { keys, keyUsage } from "../db/tables/index.ts";
import { decodeCursor, encodeCursor } from "../http/pagination.ts";
import type { KeyStatus } from "./key-schemas.ts";
import { type StoredKey, selectKeys } from "./key-store.ts";
import type { KeySort, ListKeysQuery } from "./list-schemas.ts";

const pageSizeDefault = 20;

export interface KeyPage {
  keys: StoredKey[];
  nextCursor: string | null;
}

/**
 * A page of the organization's keys. A page starts after the last row of the one before, by sort
 * value and id, so keys that come or go between two calls neither repeat nor hide others.
 * Throws a 422 for a cursor that is not one of this order.
 */
export async function listKeys(
  db: Database,
  options: { organizationId: string; query: ListKeysQuery; nowMs: number },
): Promise<KeyPage> {
  const { organizationId, query, nowMs } = options;
  const sort = query.sort ?? "-created_at";
  const order = sortOrders[sort];
  const limit = query.limit ?? pageSizeDefault;
  const rows = await selectKeys(db.read)
    .where(
      and(
        eq(keys.organizationId, organizationId),
        query.type && eq(keys.type, query.type),
        query.workspace_id === undefined ? undefined : eq(keys.workspaceId, query.workspace_id),
        query.user_id === undefined ? undefined : eq(keys.userId, query.user_id),
        query.environment && eq(keys.environment, query.environment),
        query.status && hasStatus(query.status, nowMs),
        query.q === undefined ? undefined : sql`instr(lower(${keys.label}), lower(${query.q})) > 0`,
        query.unused_for_days === undefined
          ? undefined
          : lte(lastSignOfLife, nowMs - query.unused_for_days * dayMs),
        query.cursor === undefined ? undefined : isAfter(sort, query.cursor),
      ),
    )
    .orderBy(order.direction(order.column), order.direction(keys.id))
    .limit(limit + 1);
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const isLast = rows.length <= limit || last === undefined;
  return {
    keys: page,
    nextCursor: isLast ? null : encodeCursor(sort, order.value(last), last.key.id),
  };
}

const lastSignOfLife = sql`coalesce(${keyUsage.lastUsedAtMs}, ${keys.createdAtMs})`;

const byCreation = { column: keys.createdAtMs, value: (row: StoredKey) => row.key.createdAtMs };
const byLabel = { column: keys.label, value: (row: StoredKey) => row.key.label };

const sortOrders = {
  created_at: { ...byCreation, direction: asc, comparison: sql.raw(">") },
  "-created_at": { ...byCreation, direction: desc, comparison: sql.raw("<") },
  label: { ...byLabel, direction: asc, comparison: sql.raw(">") },
  "-label": { ...byLabel, direction: desc, comparison: sql.raw("<") },
};

function isAfter(sort: KeySort, cursor: string): SQL {
  const { column, comparison } = sortOrders[sort];
  const position = decodeCursor(cursor, sort, column === keys.label ? "string" : "number");
  return sql`(${column}, ${keys.id}) ${comparison} (${position.value}, ${position.id})`;
}

/** The same rule as `statusOf`, in SQL. */
function hasStatus(status: KeyStatus, nowMs: number): SQL | undefined {
  const isLive = and(
    isNull(keys.revokedAtMs),
    or(isNull(keys.expiresAtMs), gt(keys.expiresAtMs, nowMs)),
  );
  switch (status) {
    case "revoked":
      return isNotNull(keys.revokedAtMs);
    case "expired":
      return and(isNull(keys.revokedAtMs), lte(keys.expiresAtMs, nowMs));
    case "disabled":
      return and(isLive, eq(keys.enabled, false));
    case "active":
      return and(isLive, eq(keys.enabled, true));
  }
}
