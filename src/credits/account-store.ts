import { and, asc, count, desc, eq, gt, gte, lt, type SQL, sql } from "drizzle-orm";
import type { EntryKind } from "../core/money.ts";
import type { Alongside, Database } from "../db/client.ts";
import { inSequence } from "../db/in-sequence.ts";
import { accounts, creditGrants, holds, ledger } from "../db/tables/index.ts";
import { requireChanges } from "../db/write-guard.ts";
import type { Entry } from "./ledger-state.ts";
import { writeEntries } from "./ledger-write-store.ts";

export { creditGrantsMax } from "./ledger-store.ts";

export type AccountRow = typeof accounts.$inferSelect;

/** Rows read at once by an export or a verification. */
const readSize = 500;

/** The account of an organization. */
export async function findAccount(db: Database, organizationId: string): Promise<AccountRow> {
  const rows = await db.lookup
    .select()
    .from(accounts)
    .where(eq(accounts.organizationId, organizationId));
  const [account] = rows;
  if (account === undefined) throw new Error(`${organizationId} has no account.`);
  return account;
}

/** How many grants of an organization are open and expire. */
export async function countGrants(db: Database, organizationId: string): Promise<number> {
  const rows = await db.lookup
    .select({ grants: count() })
    .from(creditGrants)
    .where(
      and(eq(creditGrants.organizationId, organizationId), gt(creditGrants.remainingMicros, 0)),
    );
  return rows[0]?.grants ?? 0;
}

/** The statement that makes a grant which expires. */
export function insertGrant(db: Database, grant: typeof creditGrants.$inferInsert): Alongside {
  return [db.write.insert(creditGrants).values(grant)];
}

/** The statements that book an entry; they fail when the account has moved on since `version`. */
export function addToBalance(db: Database, entry: Entry, version: number): Alongside {
  return [
    ...writeEntries([entry]),
    db.write
      .update(accounts)
      .set({
        balanceMicros: entry.balanceMicros,
        version: version + 1,
        topUps: sql`${accounts.topUps} + ${entry.amountMicros > 0 ? 1 : 0}`,
      })
      .where(and(eq(accounts.organizationId, entry.organizationId), eq(accounts.version, version))),
    requireChanges(db, 1),
  ];
}

/** The statement that changes from where on answers warn. */
export function changeLowBalance(
  db: Database,
  organizationId: string,
  lowBalanceMicros: number,
): Alongside {
  return [
    db.write
      .update(accounts)
      .set({ lowBalanceMicros, version: sql`${accounts.version} + 1` })
      .where(eq(accounts.organizationId, organizationId)),
  ];
}

/** That so much can be spent, and not as much as `belowMicros`. */
export function hasAvailable(
  organizationId: string,
  { fromMicros, belowMicros }: { fromMicros: number; belowMicros: number },
): SQL {
  const available = sql`${accounts.balanceMicros} - ${accounts.heldMicros}`;
  return sql`EXISTS (SELECT 1 FROM ${accounts} WHERE ${accounts.organizationId} = ${organizationId}
    AND ${available} >= ${fromMicros} AND ${available} < ${belowMicros})`;
}

export type LedgerRow = typeof ledger.$inferSelect;

export interface LedgerFilter {
  organizationId: string;
  kind?: EntryKind | undefined;
  keyId?: string | undefined;
  fromMs?: number | undefined;
  toMs?: number | undefined;
}

/** A page of the ledger, the newest first, older than `beforeSequence`. */
export function listEntries(
  db: Database,
  filter: LedgerFilter,
  { beforeSequence, limit }: { beforeSequence: number | undefined; limit: number },
): Promise<LedgerRow[]> {
  return db.read
    .select()
    .from(ledger)
    .where(
      and(
        matches(filter),
        beforeSequence === undefined ? undefined : lt(ledger.sequence, beforeSequence),
      ),
    )
    .orderBy(desc(ledger.sequence))
    .limit(limit);
}

/** All entries that match, the oldest first, some hundreds at a time. */
export function eachEntry(db: Database, filter: LedgerFilter): AsyncGenerator<LedgerRow[]> {
  return inSequence((after) =>
    db.read
      .select()
      .from(ledger)
      .where(and(matches(filter), gt(ledger.sequence, after)))
      .orderBy(asc(ledger.sequence))
      .limit(readSize),
  );
}

function matches({ organizationId, kind, keyId, fromMs, toMs }: LedgerFilter) {
  return and(
    eq(ledger.organizationId, organizationId),
    kind === undefined ? undefined : eq(ledger.kind, kind),
    keyId === undefined ? undefined : eq(ledger.keyId, keyId),
    fromMs === undefined ? undefined : gte(ledger.atMs, fromMs),
    toMs === undefined ? undefined : lt(ledger.atMs, toMs),
  );
}

export interface LedgerProof {
  organizationId: string;
  entries: number;
  sumMicros: number;
  balanceMicros: number;
  holdsMicros: number;
  heldMicros: number;
}

/** What accounts say beside what their ledgers and open holds add up to: one, or all. */
export function proveAccounts(db: Database, organizationId?: string): Promise<LedgerProof[]> {
  const sums = db.read
    .select({
      organizationId: ledger.organizationId,
      entries: count().as("entries"),
      sum: sql<number>`sum(${ledger.amountMicros})`.as("sum"),
    })
    .from(ledger)
    .where(organizationId === undefined ? undefined : eq(ledger.organizationId, organizationId))
    .groupBy(ledger.organizationId)
    .as("sums");
  const open = db.read
    .select({
      organizationId: holds.organizationId,
      held: sql<number>`sum(${holds.amountMicros})`.as("held"),
    })
    .from(holds)
    .where(eq(holds.state, "open"))
    .groupBy(holds.organizationId)
    .as("open");
  return db.read
    .select({
      organizationId: accounts.organizationId,
      entries: sql<number>`coalesce(${sums.entries}, 0)`,
      sumMicros: sql<number>`coalesce(${sums.sum}, 0)`,
      balanceMicros: accounts.balanceMicros,
      holdsMicros: sql<number>`coalesce(${open.held}, 0)`,
      heldMicros: accounts.heldMicros,
    })
    .from(accounts)
    .leftJoin(sums, eq(sums.organizationId, accounts.organizationId))
    .leftJoin(open, eq(open.organizationId, accounts.organizationId))
    .where(organizationId === undefined ? undefined : eq(accounts.organizationId, organizationId));
}

/** Whether the account is the sum of its ledger and of its open holds. */
export function isProven(proof: LedgerProof): boolean {
  return proof.sumMicros === proof.balanceMicros && proof.holdsMicros === proof.heldMicros;
}
