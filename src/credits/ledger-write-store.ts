import { eq, sql } from "drizzle-orm";
import type { Alongside, Database } from "../db/client.ts";
import { insertRows } from "../db/insert-rows.ts";
import { accounts, creditGrants, holds, ledger, spends } from "../db/tables/index.ts";
import { requireChanges } from "../db/write-guard.ts";
import type { CreditGrant, Entry, Hold, LedgerState } from "./ledger-state.ts";
import type { Spend } from "./spend-windows.ts";

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
    ...writeSpends(state),
    ...writeEntries(state.entries),
    ...writeHolds([...state.changedHolds]),
    ...(changedGrants.length === 0 ? [] : [writeGrants(db, changedGrants)]),
  ];
}

/** Whether the changes are in the file: they are one transaction, so one row of them tells. */
export async function isWritten(db: Database, state: LedgerState): Promise<boolean> {
  const [entry] = state.entries;
  const [hold] = state.changedHolds;
  if (entry !== undefined) {
    const found = await db.lookup
      .select({ id: ledger.id })
      .from(ledger)
      .where(eq(ledger.id, entry.id));
    return found.length > 0;
  }
  if (hold === undefined) return false;
  const found = await db.lookup
    .select({ state: holds.state })
    .from(holds)
    .where(eq(holds.id, hold.id));
  return found[0]?.state === hold.state;
}

function writeSpends({ spends: all, changedSpends }: LedgerState): Alongside {
  const rows = [...changedSpends].flatMap((spenderId) => {
    const spend: Spend | undefined = all.get(spenderId);
    return spend === undefined ? [] : [{ spenderId, ...spend }];
  });
  return insertRows(spends, rows, {
    replacing: [
      "totalMicros",
      "heldMicros",
      "dayStartMs",
      "dayMicros",
      "weekStartMs",
      "weekMicros",
      "monthStartMs",
      "monthMicros",
    ],
  });
}

/** Appends to the ledger. */
export function writeEntries(entries: readonly Entry[]): Alongside {
  return insertRows(ledger, entries);
}

function writeHolds(rows: readonly Hold[]): Alongside {
  return insertRows(holds, rows, { replacing: ["state", "endedAtMs", "settledMicros"] });
}

function writeGrants(db: Database, grants: readonly CreditGrant[]): Alongside[number] {
  const rows = grants.map(({ id, remainingMicros }) => [id, remainingMicros]);
  return db.write.run(sql`
    UPDATE ${creditGrants} SET remaining_micros = changed.value ->> 1
    FROM json_each(${JSON.stringify(rows)}) AS changed WHERE ${creditGrants.id} = changed.value ->> 0`);
}
