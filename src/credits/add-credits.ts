import { DomainError, invalidField } from "../core/errors.ts";
import type { EntryKind } from "../core/money.ts";
import { parseTimestamp } from "../core/timestamp.ts";
import { newId } from "../crypto/ids.ts";
import type { Alongside, Database } from "../db/client.ts";
import { isOvertaken } from "../db/write-guard.ts";
import type { Actor } from "../organizations/actor.ts";
import { fulfilRecharge } from "../recharges/fulfil-recharge.ts";
import { insertEvents } from "../webhooks/event-store.ts";
import {
  type AccountRow,
  addToBalance,
  countGrants,
  creditGrantsMax,
  findAccount,
  insertGrant,
} from "./account-store.ts";
import { readAmount } from "./amount-schemas.ts";
import { type BalanceChange, eventsOfChange } from "./credit-events.ts";
import type { CreditsContext } from "./credits-context.ts";
import { describeEntry } from "./describe-credits.ts";
import { changesTooFast } from "./ledger.ts";
import type { Entry } from "./ledger-state.ts";
import { balanceMaxMicros } from "./micros.ts";
import { entryOfNobody } from "./movements.ts";
import type { AddCredits, LedgerEntry } from "./schemas.ts";
import { availableMicros } from "./shortage.ts";

interface Making {
  input: AddCredits;
  actor: Actor;
  alongside: (made: LedgerEntry) => Alongside;
}

/**
 * Adds credits to an organization, or takes some back with an adjustment. Throws 422 for what is no
 * amount, and 409 for a balance that would be below what is held, or too large to be counted, or for a
 * recharge that is not open.
 */
export async function addCredits(context: CreditsContext, making: Making): Promise<LedgerEntry> {
  const { audit, clock, ledger, showAccount } = context;
  const { input, actor } = making;
  const nowMs = clock.nowMs();
  const asked = { micros: signedMicros(input), nowMs, expiresAtMs: endOf(input, nowMs) };
  const { made, tried } = await audit
    .record({
      actor,
      within: (work) => ledger.alone(actor.organizationId, work),
      build: (now) => book(context, making, { ...asked, actor: now }),
    })
    .catch((error: unknown) => {
      // Another process came between the read and the write, again and again.
      throw isOvertaken(error) ? changesTooFast(error) : error;
    });
  tried();
  await showAccount(actor.organizationId);
  return made;
}

/** What is written: the entry, what it fulfils and begins, and what follows from where it leaves the account. */
async function book(
  { db, rules }: CreditsContext,
  { input, alongside }: Making,
  asked: { micros: number; nowMs: number; expiresAtMs: number | null; actor: Actor },
) {
  const { micros, nowMs, expiresAtMs } = asked;
  const { id: createdBy, organizationId } = asked.actor;
  const account = await findAccount(db, organizationId);
  const balanceMicros = account.balanceMicros + micros;
  if (balanceMicros < account.heldMicros || balanceMicros > balanceMaxMicros) throw unfit();
  const grantId = expiresAtMs === null ? null : newId("grant", nowMs);
  const entry: Entry = {
    ...entryOfNobody,
    id: newId("entry", nowMs),
    organizationId,
    atMs: nowMs,
    kind: input.kind,
    amountMicros: micros,
    balanceMicros,
    grantId,
    reason: input.reason ?? null,
    createdBy,
  };
  const made = describeEntry(entry);
  const rechargeId = input.recharge_id;
  const fulfilled = rechargeId === undefined ? [] : await fulfilRecharge(db, { rechargeId, entry });
  const change = changeOf(account, entry);
  // What was added may still be too little for the rule.
  const topUps = account.topUps + (micros > 0 ? 1 : 0);
  const standing = { organizationId, topUps, availableMicros: change.afterMicros };
  const wish = rules.wishOf(standing, nowMs);
  return {
    change: [
      ...fulfilled,
      ...(await grantOf(db, entry, expiresAtMs)),
      ...addToBalance(db, entry, account.version),
    ],
    entry: {
      action: "credits.added" as const,
      targetId: entry.id,
      organizationId,
      changes: { before: null, after: made },
    },
    alongside: [
      ...insertEvents(db, eventsOfChange(change, nowMs)),
      ...(wish?.wish.statements(db) ?? []),
      ...alongside(made),
    ],
    result: { made, tried: () => wish?.tried() },
  };
}

/** The statement that makes a grant which expires, if it does. */
async function grantOf(
  db: Database,
  { grantId, organizationId, amountMicros }: Entry,
  expiresAtMs: number | null,
): Promise<Alongside> {
  if (grantId === null || expiresAtMs === null) return [];
  if ((await countGrants(db, organizationId)) >= creditGrantsMax) {
    const message = `An organization has ${creditGrantsMax} grants that expire at most.`;
    throw new DomainError("conflict", message);
  }
  const remainingMicros = amountMicros;
  return insertGrant(db, { id: grantId, organizationId, remainingMicros, expiresAtMs });
}

function changeOf(account: AccountRow, entry: Entry): BalanceChange {
  const { organizationId, topUps, lowBalanceMicros } = account;
  return {
    organizationId,
    topUps,
    lowBalanceMicros,
    beforeMicros: availableMicros(account),
    afterMicros: availableMicros({ ...account, balanceMicros: entry.balanceMicros }),
  };
}

const kindsThatAdd: readonly EntryKind[] = ["grant", "purchase", "refund"];

function signedMicros({ kind, amount, reason, recharge_id }: AddCredits): number {
  const micros = readAmount("amount", Math.abs(amount));
  if (micros === 0) throw invalidField("amount", "Must not be 0.");
  if (amount < 0 && kindsThatAdd.includes(kind)) {
    throw invalidField("amount", "Only an adjustment can take credits away.");
  }
  if (kind === "adjustment" && reason === undefined) {
    throw invalidField("reason", "An adjustment needs a reason.");
  }
  if (amount < 0 && recharge_id !== undefined) {
    throw invalidField("recharge_id", "What takes credits away fulfils no recharge.");
  }
  return amount < 0 ? -micros : micros;
}

function endOf({ kind, expires_at }: AddCredits, nowMs: number): number | null {
  if (expires_at === undefined) return null;
  if (kind !== "grant") throw invalidField("expires_at", "Only a grant expires.");
  const moment = parseTimestamp(expires_at);
  if (!(moment > nowMs)) throw invalidField("expires_at", "Not a moment in the future.");
  return moment;
}

function unfit(): DomainError {
  return new DomainError("conflict", "The balance would be below what is held, or too large.", {
    param: "amount",
  });
}
