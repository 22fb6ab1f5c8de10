import { and, asc, eq, gt, inArray, lte, type SQL, sql } from "drizzle-orm";
import type { Alongside, Database } from "../db/client.ts";
import {
  accounts,
  creditGrants,
  holds,
  keys,
  ledger,
  members,
  spends,
  workspaces,
} from "../db/tables/index.ts";
import { requireChanges } from "../db/write-guard.ts";
import type { CreditGrant, Entry, Hold, KeyOwners, LedgerState, Spender } from "./ledger-state.ts";
import { requestName } from "./ledger-state.ts";
import type { Spend } from "./spend-windows.ts";

/** Open grants of one organization that are looked at; a further one is refused. */
export const creditGrantsMax = 100;

/** What a batch of changes is about. */
export interface LedgerKeys {
  organizationIds: ReadonlySet<string>;
  keyIds: ReadonlySet<string>;
  holdIds: ReadonlySet<string>;
  requests: readonly { keyId: string; requestId: string; attempt: number }[];
}

/** Everything that a batch rests on, in some look-ups whose number does not grow with it. */
export async function readState(db: Database, about: LedgerKeys): Promise<LedgerState> {
  const byId = await readHolds(db, about.holdIds);
  const keyIds = new Set([...about.keyIds, ...byId.map(({ keyId }) => keyId)]);
  const owners = await readOwners(db, keyIds);
  const ofKeys = owners.map(({ organizationId }) => organizationId);
  const organizationIds = [...new Set([...about.organizationIds, ...ofKeys])];
  const spenderIds = [...new Set(owners.flatMap((key) => key.spenders.map(({ id }) => id)))];
  const [accountRows, spendRows, grantRows, charged, heldFor] = await Promise.all([
    db.lookup.select().from(accounts).where(among(accounts.organizationId, organizationIds)),
    db.lookup.select().from(spends).where(among(spends.spenderId, spenderIds)),
    readGrants(db, organizationIds),
    readCharged(db, about.requests),
    readHeldFor(db, about.requests),
  ]);
  const grants = new Map<string, CreditGrant[]>();
  for (const grant of grantRows) {
    grants.set(grant.organizationId, [...(grants.get(grant.organizationId) ?? []), grant]);
  }
  return {
    accounts: new Map(accountRows.map((row) => [row.organizationId, { ...row, isChanged: false }])),
    keys: new Map(owners.map((key) => [key.keyId, key])),
    spends: new Map(spendRows.map(({ spenderId, ...spend }) => [spenderId, spend])),
    changedSpends: new Set(),
    grants,
    holds: new Map(byId.map((hold) => [hold.id, hold])),
    changedHolds: new Set(),
    charged: new Map(charged.map((entry) => [nameOf(entry), entry])),
    heldFor: new Map(heldFor.map((hold) => [requestName(hold), hold])),
    entries: [],
  };
}

/** The statements that make the changes. The second fails, and all with it, when an account has moved on. */
export function commitState(db: Database, state: LedgerState): Alongside {
  const changedAccounts = [...state.accounts.values()].filter(({ isChanged }) => isChanged);
  if (changedAccounts.length === 0) return [];
  const accountRows = changedAccounts.map((account) => [
    account.organizationId,
    account.balanceMicros,
    account.heldMicros,
    account.version,
  ]);
  const changedGrants = [...state.grants.values()].flat().filter(({ isChanged }) => isChanged);
  return [
    db.write.run(sql`
      UPDATE ${accounts} SET balance_micros = changed.value ->> 1, held_micros = changed.value ->> 2,
        version = version + 1
      FROM json_each(${JSON.stringify(accountRows)}) AS changed
      WHERE organization_id = changed.value ->> 0 AND version = changed.value ->> 3`),
    requireChanges(db, accountRows.length),
    ...writeSpends(db, state),
    ...writeEntries(db, state.entries),
    ...writeHolds(db, [...state.changedHolds]),
    ...(changedGrants.length === 0 ? [] : [writeGrants(db, changedGrants)]),
  ];
}

/** The ids of open holds whose end has come, the longest overdue first. */
export async function findOverdueHolds(
  db: Database,
  { windowMs, limit }: { windowMs: number; limit: number },
): Promise<string[]> {
  const rows = await db.lookup
    .select({ id: holds.id })
    .from(holds)
    .where(and(eq(holds.state, "open"), lte(holds.expiresAtMs, windowMs)))
    .orderBy(asc(holds.expiresAtMs))
    .limit(limit);
  return rows.map(({ id }) => id);
}

/** The organizations that have granted credits whose end has come. */
export async function findOverdueGrants(
  db: Database,
  { wallMs, limit }: { wallMs: number; limit: number },
): Promise<string[]> {
  const rows = await db.lookup
    .selectDistinct({ id: creditGrants.organizationId })
    .from(creditGrants)
    .where(and(gt(creditGrants.remainingMicros, 0), lte(creditGrants.expiresAtMs, wallMs)))
    .limit(limit);
  return rows.map(({ id }) => id);
}

/** A hold of the organization's; undefined for a missing and for a foreign one. */
export async function findHold(
  db: Database,
  organizationId: string,
  holdId: string,
): Promise<Hold | undefined> {
  const rows = await db.lookup
    .select()
    .from(holds)
    .where(and(eq(holds.id, holdId), eq(holds.organizationId, organizationId)));
  return rows[0];
}

function among(column: Parameters<typeof inArray>[0], values: readonly string[]): SQL {
  return inArray(column, sql`(SELECT value FROM json_each(${JSON.stringify(values)}))`);
}

async function readHolds(db: Database, ids: ReadonlySet<string>): Promise<Hold[]> {
  if (ids.size === 0) return [];
  return db.lookup
    .select()
    .from(holds)
    .where(among(holds.id, [...ids]));
}

async function readOwners(db: Database, keyIds: ReadonlySet<string>): Promise<KeyOwners[]> {
  const rows = await db.lookup
    .select({
      keyId: keys.id,
      organizationId: keys.organizationId,
      workspaceId: keys.workspaceId,
      userId: keys.userId,
      keyLimit: keys.spendLimitMicros,
      keyReset: keys.spendReset,
      workspaceLimit: workspaces.spendLimitMicros,
      workspaceReset: workspaces.spendReset,
      memberLimit: members.spendLimitMicros,
      memberReset: members.spendReset,
    })
    .from(keys)
    .innerJoin(workspaces, eq(workspaces.id, keys.workspaceId))
    .leftJoin(
      members,
      and(eq(members.userId, keys.userId), eq(members.organizationId, keys.organizationId)),
    )
    .where(among(keys.id, [...keyIds]));
  return rows.map(({ keyId, organizationId, workspaceId, userId, ...limits }) => {
    const spenders: Spender[] = [
      { id: keyId, kind: "key", limitMicros: limits.keyLimit, reset: limits.keyReset },
      {
        id: workspaceId,
        kind: "workspace",
        limitMicros: limits.workspaceLimit,
        reset: limits.workspaceReset,
      },
    ];
    if (userId !== null) {
      const { memberLimit: limitMicros, memberReset } = limits;
      const id = userSpenderId(organizationId, userId);
      spenders.push({ id, kind: "user", limitMicros, reset: memberReset ?? "never" });
    }
    return { keyId, organizationId, workspaceId, userId, spenders };
  });
}

/** A user spends in each organization apart. */
export function userSpenderId(organizationId: string, userId: string): string {
  return `${organizationId} ${userId}`;
}

async function readGrants(
  db: Database,
  organizationIds: readonly string[],
): Promise<CreditGrant[]> {
  const rows = await db.lookup
    .select()
    .from(creditGrants)
    .where(
      and(among(creditGrants.organizationId, organizationIds), gt(creditGrants.remainingMicros, 0)),
    )
    .orderBy(asc(creditGrants.expiresAtMs), asc(creditGrants.id));
  return rows.map((row) => ({ ...row, isChanged: false }));
}

async function readCharged(db: Database, requests: LedgerKeys["requests"]): Promise<Entry[]> {
  if (requests.length === 0) return [];
  return db.lookup
    .select()
    .from(ledger)
    .where(isOneOf(requests, sql`(${ledger.keyId}, ${ledger.requestId}, ${ledger.attempt})`));
}

async function readHeldFor(db: Database, requests: LedgerKeys["requests"]): Promise<Hold[]> {
  if (requests.length === 0) return [];
  return db.lookup
    .select()
    .from(holds)
    .where(isOneOf(requests, sql`(${holds.keyId}, ${holds.requestId}, ${holds.attempt})`));
}

function isOneOf(requests: LedgerKeys["requests"], columns: SQL): SQL {
  const values = JSON.stringify(
    requests.map(({ keyId, requestId, attempt }) => [keyId, requestId, attempt]),
  );
  return sql`${columns} IN (
    SELECT value ->> 0, value ->> 1, value ->> 2 FROM json_each(${values}))`;
}

function nameOf(entry: Entry): string {
  return requestName({
    keyId: entry.keyId ?? "",
    requestId: entry.requestId ?? "",
    attempt: entry.attempt ?? 0,
  });
}

function writeSpends(db: Database, { spends: all, changedSpends }: LedgerState): Alongside {
  const rows = [...changedSpends].flatMap((id) => {
    const spend: Spend | undefined = all.get(id);
    return spend === undefined ? [] : [{ id, ...spend }];
  });
  if (rows.length === 0) return [];
  return [
    db.write.run(sql`
      INSERT INTO ${spends} (spender_id, total_micros, held_micros, day_start_ms, day_micros,
        week_start_ms, week_micros, month_start_ms, month_micros)
      SELECT value ->> 'id', value ->> 'totalMicros', value ->> 'heldMicros', value ->> 'dayStartMs',
        value ->> 'dayMicros', value ->> 'weekStartMs', value ->> 'weekMicros',
        value ->> 'monthStartMs', value ->> 'monthMicros'
      FROM json_each(${JSON.stringify(rows)}) WHERE true
      ON CONFLICT (spender_id) DO UPDATE SET
        total_micros = excluded.total_micros, held_micros = excluded.held_micros,
        day_start_ms = excluded.day_start_ms, day_micros = excluded.day_micros,
        week_start_ms = excluded.week_start_ms, week_micros = excluded.week_micros,
        month_start_ms = excluded.month_start_ms, month_micros = excluded.month_micros`),
  ];
}

/** Appends to the ledger. */
export function writeEntries(db: Database, entries: readonly Entry[]): Alongside {
  if (entries.length === 0) return [];
  return [
    db.write.run(sql`
      INSERT INTO ${ledger} (id, organization_id, at_ms, kind, amount_micros, balance_micros, key_id,
        workspace_id, user_id, subject, request_id, attempt, hold_id, grant_id, reason, created_by)
      SELECT value ->> 'id', value ->> 'organizationId', value ->> 'atMs', value ->> 'kind',
        value ->> 'amountMicros', value ->> 'balanceMicros', value ->> 'keyId',
        value ->> 'workspaceId', value ->> 'userId', value ->> 'subject', value ->> 'requestId',
        value ->> 'attempt', value ->> 'holdId', value ->> 'grantId', value ->> 'reason',
        value ->> 'createdBy'
      FROM json_each(${JSON.stringify(entries)})`),
  ];
}

function writeHolds(db: Database, rows: readonly Hold[]): Alongside {
  if (rows.length === 0) return [];
  return [
    db.write.run(sql`
      INSERT INTO ${holds} (id, organization_id, key_id, amount_micros, state, subject, request_id,
        attempt, admitted_at_ms, created_at_ms, expires_at_ms, ended_at_ms, settled_micros)
      SELECT value ->> 'id', value ->> 'organizationId', value ->> 'keyId',
        value ->> 'amountMicros', value ->> 'state', value ->> 'subject', value ->> 'requestId',
        value ->> 'attempt', value ->> 'admittedAtMs', value ->> 'createdAtMs',
        value ->> 'expiresAtMs', value ->> 'endedAtMs', value ->> 'settledMicros'
      FROM json_each(${JSON.stringify(rows)}) WHERE true
      ON CONFLICT (id) DO UPDATE SET state = excluded.state, ended_at_ms = excluded.ended_at_ms,
        settled_micros = excluded.settled_micros`),
  ];
}

function writeGrants(db: Database, grants: readonly CreditGrant[]): Alongside[number] {
  const rows = grants.map(({ id, remainingMicros }) => [id, remainingMicros]);
  return db.write.run(sql`
    UPDATE ${creditGrants} SET remaining_micros = changed.value ->> 1
    FROM json_each(${JSON.stringify(rows)}) AS changed WHERE ${creditGrants.id} = changed.value ->> 0`);
}
