import {
  and,
  eq,
  getTableColumns,
  gt,
  inArray,
  type Placeholder,
  type SQL,
  sql,
} from "drizzle-orm";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";
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
import { LedgerCache } from "./ledger-cache.ts";
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

/**
 * Everything that a batch rests on, in some look-ups whose number does not grow with it; what `cache`
 * remembers is not looked up.
 */
export async function readState(
  db: Database,
  about: LedgerKeys,
  cache: LedgerCache = new LedgerCache(),
): Promise<LedgerState> {
  const byId = await readHolds(db, about.holdIds);
  const keyIds = new Set([...about.keyIds, ...byId.map(({ keyId }) => keyId)]);
  const known = [...keyIds].flatMap((keyId) => cache.ownersOf(keyId) ?? []);
  const isUnknown = (keyId: string) => cache.ownersOf(keyId) === undefined;
  const owners = [...known, ...(await readOwners(db, [...keyIds].filter(isUnknown)))];
  const ofKeys = owners.map(({ organizationId }) => organizationId);
  const organizationIds = [...new Set([...about.organizationIds, ...ofKeys])];
  const spenderIds = owners.flatMap(({ organizationId, spenders }) =>
    spenders.flatMap(({ id }) => (cache.hasSpend(organizationId, id) ? [] : id)),
  );
  const money = await readMoney(db, {
    organizationIds: organizationIds.filter((id) => !cache.hasAccount(id)),
    spenderIds,
  });
  cache.addTo(money, { organizationIds, keys: owners });
  const [charged, heldFor] = await Promise.all([
    readCharged(db, [...about.requests, ...byId]),
    readHeldFor(db, about.requests),
  ]);
  return {
    ...money,
    keys: new Map(owners.map((key) => [key.keyId, key])),
    changedSpends: new Set(),
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

type Column = Parameters<typeof inArray>[0];

function among(column: Column, values: readonly string[]): SQL {
  return amongText(column, JSON.stringify(values));
}

/** The values are a JSON text, so that the statement is the same for any number of them. */
function amongText(column: Column, values: string | Placeholder): SQL {
  return inArray(column, sql`(SELECT value FROM json_each(${values}))`);
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

/**
 * The queries of every batch, put together once a database. Rows come as one JSON text: libSQL hands a
 * value over at some microseconds a column.
 */
const queriesOf = new WeakMap<Database, ReturnType<typeof prepareQueries>>();

function queries(db: Database): ReturnType<typeof prepareQueries> {
  const known = queriesOf.get(db) ?? prepareQueries(db);
  queriesOf.set(db, known);
  return known;
}

function prepareQueries(db: Database) {
  const owner = sql`json_array(${keys.id}, ${keys.organizationId}, ${keys.workspaceId},
    ${keys.userId}, ${keys.spendLimitMicros}, ${keys.spendReset}, ${workspaces.spendLimitMicros},
    ${workspaces.spendReset}, ${members.spendLimitMicros}, ${members.spendReset})`;
  const organizationIds = sql.placeholder("organizationIds");
  const ofGrants = and(
    amongText(creditGrants.organizationId, organizationIds),
    gt(creditGrants.remainingMicros, 0),
  );
  const ofSpends = amongText(spends.spenderId, sql.placeholder("spenderIds"));
  return {
    owners: db.lookup
      .select({ rows: sql<string>`json_group_array(${owner})` })
      .from(keys)
      .innerJoin(workspaces, eq(workspaces.id, keys.workspaceId))
      .leftJoin(
        members,
        and(eq(members.userId, keys.userId), eq(members.organizationId, keys.organizationId)),
      )
      .where(amongText(keys.id, sql.placeholder("keyIds")))
      .prepare(),
    money: db.lookup
      .select({
        accounts: sql<string>`json_group_array(${jsonOf(accounts)})`,
        spends: sql<string>`(SELECT json_group_array(${jsonOf(spends)}) FROM ${spends} WHERE ${ofSpends})`,
        grants: sql<string>`(SELECT json_group_array(${jsonOf(creditGrants)}
          ORDER BY ${creditGrants.expiresAtMs}, ${creditGrants.id}) FROM ${creditGrants} WHERE ${ofGrants})`,
      })
      .from(accounts)
      .where(amongText(accounts.organizationId, organizationIds))
      .prepare(),
  };
}

async function readOwners(db: Database, keyIds: readonly string[]): Promise<KeyOwners[]> {
  if (keyIds.length === 0) return [];
  const [answer] = await queries(db).owners.all({ keyIds: JSON.stringify(keyIds) });
  return (JSON.parse(answer?.rows ?? "[]") as OwnerFields[]).map(toOwners);
}

type SpendRow = typeof spends.$inferSelect;

/** Accounts, spends and what is left of grants. */
async function readMoney(
  db: Database,
  about: { organizationIds: readonly string[]; spenderIds: readonly string[] },
): Promise<Pick<LedgerState, "accounts" | "spends" | "grants">> {
  const isNothing = about.organizationIds.length + about.spenderIds.length === 0;
  if (isNothing) return { accounts: new Map(), spends: new Map(), grants: new Map() };
  const [answer] = await queries(db).money.all({
    organizationIds: JSON.stringify(about.organizationIds),
    spenderIds: JSON.stringify(about.spenderIds),
  });
  const rowsOf = <Row>(text: string | undefined) => JSON.parse(text ?? "[]") as Row[];
  const grants = new Map<string, CreditGrant[]>();
  for (const row of rowsOf<typeof creditGrants.$inferSelect>(answer?.grants)) {
    const ofOrganization = grants.get(row.organizationId) ?? [];
    ofOrganization.push({ ...row, isChanged: false });
    grants.set(row.organizationId, ofOrganization);
  }
  const accountRows = rowsOf<typeof accounts.$inferSelect>(answer?.accounts);
  const spendRows = rowsOf<SpendRow>(answer?.spends);
  return {
    accounts: new Map(accountRows.map((row) => [row.organizationId, toAccount(row)])),
    spends: new Map(
      spendRows.map(({ spenderId, ...spend }): [string, Spend] => [spenderId, spend]),
    ),
    grants,
  };
}

/** A row as a JSON object, by the names of the code. */
function jsonOf(table: SQLiteTable): SQL {
  const columns = Object.entries(getTableColumns(table));
  const fields = columns.map(([name, column]) => sql`${sql.raw(`'${name}'`)}, ${column}`);
  return sql`json_object(${sql.join(fields, sql`, `)})`;
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

/** A user spends in each organization apart. */
export function userSpenderId(organizationId: string, userId: string): string {
  return `${organizationId} ${userId}`;
}

/** The names of those requests (`requestName`) that were charged before. */
export async function findCharged(
  db: Database,
  requests: LedgerKeys["requests"],
): Promise<ReadonlySet<string>> {
  return new Set((await readCharged(db, requests)).map(nameOf));
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
