import { sql } from "drizzle-orm";
import type { Alongside, Database } from "../db/client.ts";
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
    ...writeSpends(db, state),
    ...writeEntries(db, state.entries),
    ...writeHolds(db, [...state.changedHolds]),
    ...(changedGrants.length === 0 ? [] : [writeGrants(db, changedGrants)]),
  ];
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
        workspace_id, user_id, subject, request_id, attempt, hold_id, grant_id, reason, created_by,
        price_id, units)
      SELECT value ->> 'id', value ->> 'organizationId', value ->> 'atMs', value ->> 'kind',
        value ->> 'amountMicros', value ->> 'balanceMicros', value ->> 'keyId',
        value ->> 'workspaceId', value ->> 'userId', value ->> 'subject', value ->> 'requestId',
        value ->> 'attempt', value ->> 'holdId', value ->> 'grantId', value ->> 'reason',
        value ->> 'createdBy', value ->> 'priceId', value ->> 'units'
      FROM json_each(${JSON.stringify(entries)})`),
  ];
}

function writeHolds(db: Database, rows: readonly Hold[]): Alongside {
  if (rows.length === 0) return [];
  return [
    db.write.run(sql`
      INSERT INTO ${holds} (id, organization_id, key_id, amount_micros, state, subject, request_id,
        attempt, admitted_at_ms, created_at_ms, expires_at_ms, ended_at_ms, settled_micros,
        price_id)
      SELECT value ->> 'id', value ->> 'organizationId', value ->> 'keyId',
        value ->> 'amountMicros', value ->> 'state', value ->> 'subject', value ->> 'requestId',
        value ->> 'attempt', value ->> 'admittedAtMs', value ->> 'createdAtMs',
        value ->> 'expiresAtMs', value ->> 'endedAtMs', value ->> 'settledMicros',
        value ->> 'priceId'
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
