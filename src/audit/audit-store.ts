import { and, asc, desc, eq, gt, gte, lt, or, type SQL, sql } from "drizzle-orm";
import type { Alongside, Database } from "../db/client.ts";
import { inSequence } from "../db/in-sequence.ts";
import { auditLog } from "../db/tables/index.ts";
import { type AuditRow, type ChainHead, chainStart, hashOf } from "./audit-event.ts";

/** Rows read at once by an export or a verification. */
const readSize = 500;

export interface AuditFilter {
  organizationId: string;
  /** True shows what belongs to the instance too. */
  instanceWide: boolean;
  actorId?: string | undefined;
  action?: string | undefined;
  targetId?: string | undefined;
  fromMs?: number | undefined;
  toMs?: number | undefined;
}

/** The newest row's number and hash. */
export async function readHead(db: Database): Promise<ChainHead> {
  const rows = await db.lookup
    .select({ sequence: auditLog.sequence, hash: auditLog.hash })
    .from(auditLog)
    .orderBy(desc(auditLog.sequence))
    .limit(1);
  return rows[0] ?? chainStart;
}

/** The statement that appends a row if the statement before it changed something. */
export function appendRow(db: Database, row: AuditRow): Alongside[number] {
  return db.write.run(sql`
    INSERT INTO ${auditLog} (sequence, at_ms, organization_id, actor_type, actor_id, user_id, action,
      target_type, target_id, changes, address, user_agent, request_id, previous_hash, hash)
    SELECT ${row.sequence}, ${row.atMs}, ${row.organizationId}, ${row.actorType}, ${row.actorId},
      ${row.userId}, ${row.action}, ${row.targetType}, ${row.targetId}, ${row.changes}, ${row.address},
      ${row.userAgent}, ${row.requestId}, ${row.previousHash}, ${row.hash}
    WHERE changes() > 0`);
}

/** The statement that appends many rows after the first, under the same condition: they travel as one text. */
export function appendRows(db: Database, rows: readonly AuditRow[]): Alongside {
  if (rows.length === 0) return [];
  return [
    db.write.run(sql`
      INSERT INTO ${auditLog} (sequence, at_ms, organization_id, actor_type, actor_id, user_id, action,
        target_type, target_id, changes, address, user_agent, request_id, previous_hash, hash)
      SELECT value ->> 'sequence', value ->> 'atMs', value ->> 'organizationId', value ->> 'actorType',
        value ->> 'actorId', value ->> 'userId', value ->> 'action', value ->> 'targetType',
        value ->> 'targetId', value ->> 'changes', value ->> 'address', value ->> 'userAgent',
        value ->> 'requestId', value ->> 'previousHash', value ->> 'hash'
      FROM json_each(${JSON.stringify(rows)}) WHERE changes() > 0`),
  ];
}

/** True when another process has appended in the meantime. */
export function isTakenSequence(error: unknown): boolean {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 6; depth++) {
    if (/UNIQUE constraint failed: audit_log\.sequence/.test(at.message)) return true;
    at = at.cause;
  }
  return false;
}

/** A page of rows, the newest first, older than `beforeSequence`. */
export function listRows(
  db: Database,
  filter: AuditFilter,
  { beforeSequence, limit }: { beforeSequence: number | undefined; limit: number },
): Promise<AuditRow[]> {
  return db.read
    .select()
    .from(auditLog)
    .where(
      and(
        matches(filter),
        beforeSequence === undefined ? undefined : lt(auditLog.sequence, beforeSequence),
      ),
    )
    .orderBy(desc(auditLog.sequence))
    .limit(limit);
}

/** All rows that match, the oldest first, some hundreds at a time. */
export function eachRow(db: Database, filter?: AuditFilter): AsyncGenerator<AuditRow[]> {
  return inSequence((after) =>
    db.read
      .select()
      .from(auditLog)
      .where(and(filter && matches(filter), gt(auditLog.sequence, after)))
      .orderBy(asc(auditLog.sequence))
      .limit(readSize),
  );
}

export interface ChainState {
  rows: number;
  /** The first row that is not what was written, or does not follow the one before; null when all do. */
  firstBroken: number | null;
}

/** Follows the chain from its first row. */
export async function verifyChain(db: Database): Promise<ChainState> {
  let head = chainStart;
  for await (const rows of eachRow(db)) {
    for (const row of rows) {
      const isNext = row.sequence === head.sequence + 1 && row.previousHash === head.hash;
      if (!isNext || row.hash !== hashOf(row)) {
        return { rows: row.sequence, firstBroken: Math.min(row.sequence, head.sequence + 1) };
      }
      head = row;
    }
  }
  return { rows: head.sequence, firstBroken: null };
}

function matches(filter: AuditFilter): SQL | undefined {
  const { organizationId, instanceWide, actorId, action, targetId, fromMs, toMs } = filter;
  const own = eq(auditLog.organizationId, organizationId);
  return and(
    instanceWide ? sql`(${own} OR ${auditLog.organizationId} IS NULL)` : own,
    actorId === undefined
      ? undefined
      : or(eq(auditLog.actorId, actorId), eq(auditLog.userId, actorId)),
    action === undefined ? undefined : eq(auditLog.action, action),
    targetId === undefined ? undefined : eq(auditLog.targetId, targetId),
    fromMs === undefined ? undefined : gte(auditLog.atMs, fromMs),
    toMs === undefined ? undefined : lt(auditLog.atMs, toMs),
  );
}
