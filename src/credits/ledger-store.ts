import { and, asc, eq, gt, inArray, lte, type SQL, sql } from "drizzle-orm";
import type { SpendReset } from "../core/money.ts";
import type { Database } from "../db/client.ts";
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
import type {
  Account,
  CreditGrant,
  Entry,
  Hold,
  KeyOwners,
  LedgerState,
  Spender,
} from "./ledger-state.ts";
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
    readSpends(db, spenderIds),
    readGrants(db, organizationIds),
    readCharged(db, about.requests),
    readHeldFor(db, about.requests),
  ]);
  const grants = new Map<string, CreditGrant[]>();
  for (const grant of grantRows) {
    grants.set(grant.organizationId, [...(grants.get(grant.organizationId) ?? []), grant]);
  }
  return {
    accounts: new Map(accountRows.map((row) => [row.organizationId, toAccount(row)])),
    keys: new Map(owners.map((key) => [key.keyId, key])),
    spends: new Map(spendRows.map(({ spenderId, ...spend }) => [spenderId, spend])),
    changedSpends: new Set(),
    grants,
    holds: new Map(byId.map((hold) => [hold.id, hold])),
    changedHolds: new Set(),
    charged: new Map(charged.map((entry) => [nameOf(entry), entry])),
    heldFor: new Map(heldFor.map((hold) => [requestName(hold), hold])),
    entries: [],
    refusals: [],
  };
}

function toAccount(row: typeof accounts.$inferSelect): Account {
  return {
    ...row,
    availableBeforeMicros: row.balanceMicros - row.heldMicros,
    isChanged: false,
  };
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

type OwnerFields = [
  keyId: string,
  organizationId: string,
  workspaceId: string,
  userId: string | null,
  keyLimit: number | null,
  keyReset: SpendReset,
  workspaceLimit: number | null,
  workspaceReset: SpendReset,
  memberLimit: number | null,
  memberReset: SpendReset | null,
];

/** The rows come as one JSON text: libSQL hands a value over at some microseconds a column. */
async function readOwners(db: Database, keyIds: ReadonlySet<string>): Promise<KeyOwners[]> {
  if (keyIds.size === 0) return [];
  const fields = sql`json_array(${keys.id}, ${keys.organizationId}, ${keys.workspaceId},
    ${keys.userId}, ${keys.spendLimitMicros}, ${keys.spendReset}, ${workspaces.spendLimitMicros},
    ${workspaces.spendReset}, ${members.spendLimitMicros}, ${members.spendReset})`;
  const [answer] = await db.lookup
    .select({ rows: sql<string>`json_group_array(${fields})` })
    .from(keys)
    .innerJoin(workspaces, eq(workspaces.id, keys.workspaceId))
    .leftJoin(
      members,
      and(eq(members.userId, keys.userId), eq(members.organizationId, keys.organizationId)),
    )
    .where(among(keys.id, [...keyIds]));
  return (JSON.parse(answer?.rows ?? "[]") as OwnerFields[]).map(toOwners);
}

function toOwners(fields: OwnerFields): KeyOwners {
  const [keyId, organizationId, workspaceId, userId, ...limits] = fields;
  const [keyLimit, keyReset, workspaceLimit, workspaceReset, memberLimit, memberReset] = limits;
  const spenders: Spender[] = [
    { id: keyId, kind: "key", limitMicros: keyLimit, reset: keyReset },
    { id: workspaceId, kind: "workspace", limitMicros: workspaceLimit, reset: workspaceReset },
  ];
  if (userId !== null) {
    const id = userSpenderId(organizationId, userId);
    spenders.push({ id, kind: "user", limitMicros: memberLimit, reset: memberReset ?? "never" });
  }
  return { keyId, organizationId, workspaceId, userId, spenders };
}

async function readSpends(
  db: Database,
  ids: readonly string[],
): Promise<(Spend & { spenderId: string })[]> {
  if (ids.length === 0) return [];
  const fields = sql`json_object('spenderId', ${spends.spenderId}, 'totalMicros', ${spends.totalMicros},
    'heldMicros', ${spends.heldMicros}, 'dayStartMs', ${spends.dayStartMs},
    'dayMicros', ${spends.dayMicros}, 'weekStartMs', ${spends.weekStartMs},
    'weekMicros', ${spends.weekMicros}, 'monthStartMs', ${spends.monthStartMs},
    'monthMicros', ${spends.monthMicros})`;
  const [answer] = await db.lookup
    .select({ rows: sql<string>`json_group_array(${fields})` })
    .from(spends)
    .where(among(spends.spenderId, ids));
  return JSON.parse(answer?.rows ?? "[]");
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

/** What was charged for these requests before: mostly nothing, which the index of requests tells. */
async function readCharged(db: Database, requests: LedgerKeys["requests"]): Promise<Entry[]> {
  if (requests.length === 0) return [];
  const found = await db.lookup.all<{ sequence: number }>(sql`
    SELECT ledger.sequence AS sequence FROM ${asked(requests)} CROSS JOIN ${ledger}
      ON ledger.key_id = asked.value ->> 0 AND ledger.request_id = asked.value ->> 1
      AND ledger.attempt = asked.value ->> 2 AND ledger.request_id IS NOT NULL`);
  if (found.length === 0) return [];
  const sequences = found.map(({ sequence }) => sequence);
  return db.lookup.select().from(ledger).where(inArray(ledger.sequence, sequences));
}

async function readHeldFor(db: Database, requests: LedgerKeys["requests"]): Promise<Hold[]> {
  if (requests.length === 0) return [];
  const found = await db.lookup.all<{ id: string }>(sql`
    SELECT holds.id AS id FROM ${asked(requests)} CROSS JOIN ${holds}
      ON holds.key_id = asked.value ->> 0 AND holds.request_id = asked.value ->> 1
      AND holds.attempt = asked.value ->> 2`);
  return readHolds(db, new Set(found.map(({ id }) => id)));
}

/** The left side of a CROSS JOIN, which SQLite keeps there: each request is one look-up by the index. */
function asked(requests: LedgerKeys["requests"]): SQL {
  const values = requests.map(({ keyId, requestId, attempt }) => [keyId, requestId, attempt]);
  return sql`json_each(${JSON.stringify(values)}) AS asked`;
}

function nameOf(entry: Entry): string {
  return requestName({
    keyId: entry.keyId ?? "",
    requestId: entry.requestId ?? "",
    attempt: entry.attempt ?? 0,
  });
}
