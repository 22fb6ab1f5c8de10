import { DomainError, invalidField, notFound } from "../core/errors.ts";
import type { Alongside } from "../db/client.ts";
import { quote } from "../prices/quote.ts";
import type { AskedUnits } from "../prices/units-schema.ts";
import { readAmount } from "./amount-schemas.ts";
import type { CreditsContext } from "./credits-context.ts";
import { findHold } from "./hold-store.ts";
import { type Entry, type Hold, type LedgerState, requestName } from "./ledger-state.ts";
import { type Cost, end, type Instant, settle } from "./movements.ts";
import { shortageError } from "./refuse.ts";
import { accountOf, availableMicros } from "./shortage.ts";

interface Ending<T> {
  organizationId: string;
  holdId: string;
  alongside?: (ended: T) => Alongside;
}

/** A settled hold, and the charge it became; null when the call cost nothing. */
export interface Settled {
  hold: Hold;
  entry: Entry | null;
  availableMicros: number;
}

/** What a call cost: the one or the other. */
export interface RealCost {
  cost?: number;
  units?: AskedUnits;
}

/**
 * Turns a hold into a charge of what the call cost, named or by the price in force when it was held.
 * Throws 402 for more than there is, which leaves the hold open, 404, 409 for one that is closed or whose
 * request was charged without it, and 422 for what is no cost, or units without a price.
 */
export async function settleHold(
  { db, ledger, prices, billingUrl }: CreditsContext,
  ending: Ending<Settled> & { real: RealCost },
): Promise<Settled> {
  const { organizationId, holdId, real, alongside = () => [] } = ending;
  const costOf = readRealCost(real, prices.book);
  await requireHold(db, organizationId, holdId);
  const outcome = await ledger.move({
    about: { holdId },
    apply: (state, at) => {
      const open = openHold(state, holdId, at);
      if (open instanceof DomainError) return open;
      if (state.charged.has(requestName(open))) return chargedAlready();
      const cost = costOf(open);
      if (cost instanceof DomainError) return cost;
      const settled = settle(state, open, { ...cost, at });
      if ("shortage" in settled) return shortageError(settled.shortage, billingUrl);
      const leftMicros = availableMicros(accountOf(state, organizationId));
      return { hold: open, entry: settled.done, availableMicros: leftMicros };
    },
    alongside: (result) => (result instanceof DomainError ? [] : alongside(result)),
  });
  if (outcome instanceof DomainError) throw outcome;
  return outcome;
}

/** How to get from a hold to its cost. Throws 422 for neither and for both, and for what is no amount. */
function readRealCost(
  { cost, units }: RealCost,
  book: CreditsContext["prices"]["book"],
): (open: Hold) => Cost | DomainError {
  if (units === undefined) {
    if (cost === undefined) throw invalidField("cost", "Give cost or units.");
    const micros = readAmount("cost", cost);
    return () => ({ micros });
  }
  if (cost !== undefined) throw invalidField("units", "Give cost or units, not both.");
  return ({ priceId }) => {
    const price = priceId === null ? undefined : book.find(priceId);
    return price === undefined ? unpriced() : quote(price, units, "units");
  };
}

/** A request is charged once, and this hold's was, without it. */
function chargedAlready(): DomainError {
  return new DomainError(
    "conflict",
    "The request of this hold was charged without it. Release the hold.",
  );
}

function unpriced(): DomainError {
  return new DomainError(
    "price_not_found",
    "This hold was made without a price in force for one skill or model. Settle it by cost.",
    { param: "units" },
  );
}

/** Gives back what a hold reserves. Throws 404, and 409 for one that is closed. */
export async function releaseHold(
  { db, ledger }: CreditsContext,
  { organizationId, holdId, alongside = () => [] }: Ending<Hold>,
): Promise<Hold> {
  await requireHold(db, organizationId, holdId);
  const outcome = await ledger.move({
    about: { holdId },
    apply: (state, at) => {
      const open = openHold(state, holdId, at);
      if (!(open instanceof DomainError)) end(state, open, "released", at);
      return open;
    },
    alongside: (result) => (result instanceof DomainError ? [] : alongside(result)),
  });
  if (outcome instanceof DomainError) throw outcome;
  return outcome;
}

/** A hold of the organization's. Throws the same 404 for a missing and for a foreign one. */
export async function requireHold(
  db: CreditsContext["db"],
  organizationId: string,
  holdId: string,
): Promise<Hold> {
  const found = await findHold(db, organizationId, holdId);
  if (found === undefined) throw notFound("hold");
  return found;
}

/** The error is returned and not thrown: the rest of the batch goes on. */
function openHold(state: LedgerState, holdId: string, at: Instant): Hold | DomainError {
  const hold = state.holds.get(holdId);
  if (hold === undefined) return notFound("hold");
  // Overdue, and not swept yet.
  if (hold.state === "open" && hold.expiresAtMs <= at.windowMs) end(state, hold, "expired", at);
  if (hold.state === "open") return hold;
  return new DomainError(
    "hold_closed",
    `This hold is ${hold.state}. It cannot be changed any more.`,
  );
}
