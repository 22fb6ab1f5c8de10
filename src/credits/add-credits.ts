import { DomainError, invalidField } from "../core/errors.ts";
import type { EntryKind } from "../core/money.ts";
import { parseTimestamp } from "../core/timestamp.ts";
import { newId } from "../crypto/ids.ts";
import type { Alongside } from "../db/client.ts";
import { isOvertaken } from "../db/write-guard.ts";
import type { Actor } from "../organizations/actor.ts";
import { requireOpenRecharge } from "../recharges/decline-recharge.ts";
import { endRecharge } from "../recharges/recharge-store.ts";
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
import type { Entry } from "./ledger-state.ts";
import { balanceMaxMicros } from "./micros.ts";
import { entryOfNobody } from "./movements.ts";
import type { AddCredits, LedgerEntry } from "./schemas.ts";
import { availableMicros } from "./shortage.ts";

/**
 * Adds credits to an organization, or takes some back with an adjustment. Throws 422 for what is no
 * amount, and 409 for a balance that would be below what is held, or too large to be counted, or for a
 * recharge that is not open.
 */
export async function addCredits(
  { db, audit, clock, showAccount }: CreditsContext,
  making: { input: AddCredits; actor: Actor; alongside: (made: LedgerEntry) => Alongside },
): Promise<LedgerEntry> {
  const { input, actor, alongside } = making;
  const micros = signedMicros(input);
  const nowMs = clock.nowMs();
  const expiresAtMs = endOf(input, nowMs);
  const made = await audit
    .record({
      actor,
      build: async ({ id: createdBy, organizationId }) => {
        const account = await findAccount(db, organizationId);
        const balanceMicros = account.balanceMicros + micros;
        if (balanceMicros < account.heldMicros || balanceMicros > balanceMaxMicros) throw unfit();
        if (expiresAtMs !== null && (await countGrants(db, organizationId)) >= creditGrantsMax) {
          const message = `An organization has ${creditGrantsMax} grants that expire at most.`;
          throw new DomainError("conflict", message);
        }
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
        const fulfilled = await fulfil(db, { organizationId, input, entry });
        const change = changeOf(account, entry);
        const grant =
          grantId === null || expiresAtMs === null
            ? []
            : insertGrant(db, {
                id: grantId,
                organizationId,
                remainingMicros: micros,
                expiresAtMs,
              });
        return {
          change: [...fulfilled, ...grant, ...addToBalance(db, entry, account.version)],
          entry: {
            action: "credits.added",
            targetId: entry.id,
            organizationId,
            changes: { before: null, after: made },
          },
          alongside: [...insertEvents(db, eventsOfChange(change, nowMs)), ...alongside(made)],
          result: made,
        };
      },
    })
    .catch((error: unknown) => {
      // A charge came between the read and the write, again and again.
      if (!isOvertaken(error)) throw error;
      const options = { retryAfterSeconds: 1 };
      throw new DomainError("overloaded", "The account changes too fast. Try again.", options);
    });
  await showAccount(actor.organizationId);
  return made;
}

/** The statements by which an entry fulfils the recharge that asked for it. */
async function fulfil(
  db: CreditsContext["db"],
  what: { organizationId: string; input: AddCredits; entry: Entry },
): Promise<Alongside> {
  const { organizationId, input, entry } = what;
  if (input.recharge_id === undefined) return [];
  await requireOpenRecharge(db, organizationId, input.recharge_id);
  const end = { state: "fulfilled" as const, endedAtMs: entry.atMs, entryId: entry.id };
  return endRecharge(db, input.recharge_id, end);
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
