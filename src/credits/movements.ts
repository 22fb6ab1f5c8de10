import type { Units } from "../core/money.ts";
import { newId } from "../crypto/ids.ts";
import type { Entry, Hold, KeyOwners, LedgerState } from "./ledger-state.ts";
import { requestName } from "./ledger-state.ts";
import { accountOf, availableMicros, type Shortage, shortageOf, spendOf } from "./shortage.ts";
import { addSpend } from "./spend-windows.ts";

// What one change makes of the state. Nothing here waits or writes: a batch of changes is worked out
// one after the other, then committed as a whole.

/** When a change is made: by the wall for the record, by the window clock for windows and ends. */
export interface Instant {
  wallMs: number;
  windowMs: number;
}

/** Which call of a key something is for. */
export interface Request {
  keyId: string;
  requestId: string;
  attempt: number;
  subject: string | null;
}

/** How much, and by which price; without one the caller named it. */
export interface Cost {
  micros: number;
  priceId?: string | null;
  units?: Units | null;
}

export type Outcome<T> = { done: T; replayed: boolean } | { shortage: Shortage };

/** Charges a key, once for each request and attempt. */
export function charge(
  state: LedgerState,
  request: Request,
  { at, ...cost }: Cost & { at: Instant },
): Outcome<Entry> {
  const earlier = state.charged.get(requestName(request));
  if (earlier !== undefined) return { done: earlier, replayed: true };
  const key = ownersOf(state, request.keyId);
  const shortage = shortageOf(state, key, { micros: cost.micros, atMs: at.windowMs });
  if (shortage !== undefined) return refuse(state, key, shortage);
  const parts = [{ micros: cost.micros, admittedAtMs: at.windowMs }];
  const entry = spend(state, key, request, { ...cost, at, parts, holdId: null });
  return { done: entry, replayed: false };
}

/** Reserves an amount for a call under way, once for each request and attempt. */
export function hold(
  state: LedgerState,
  request: Request,
  what: { micros: number; ttlMs: number; at: Instant; priceId?: string | null },
): Outcome<Hold> {
  const { micros, ttlMs, at, priceId = null } = what;
  const earlier = state.heldFor.get(requestName(request));
  if (earlier !== undefined) return { done: earlier, replayed: true };
  const key = ownersOf(state, request.keyId);
  const shortage = shortageOf(state, key, { micros, atMs: at.windowMs });
  if (shortage !== undefined) return refuse(state, key, shortage);
  const made: Hold = {
    id: newId("hold", at.wallMs),
    organizationId: key.organizationId,
    ...request,
    amountMicros: micros,
    state: "open",
    admittedAtMs: at.windowMs,
    createdAtMs: at.wallMs,
    expiresAtMs: at.windowMs + ttlMs,
    endedAtMs: null,
    settledMicros: null,
    priceId,
  };
  reserve(state, key, micros, at);
  state.holds.set(made.id, made);
  state.heldFor.set(requestName(request), made);
  state.changedHolds.add(made);
  return { done: made, replayed: false };
}

/**
 * Turns an open hold into a charge of what the call cost: less, as much, or more when balance and
 * limits allow it. What was held belongs to the windows in which the hold was admitted, what comes beyond it
 * to those of now, whose limits it is held against.
 */
export function settle(
  state: LedgerState,
  open: Hold,
  { at, ...cost }: Cost & { at: Instant },
): { done: Entry | null } | { shortage: Shortage } {
  const key = ownersOf(state, open.keyId);
  const { micros } = cost;
  const extra = micros - open.amountMicros;
  const shortage =
    extra > 0 ? shortageOf(state, key, { micros: extra, atMs: at.windowMs }) : undefined;
  if (shortage !== undefined) {
    const leftMicros = shortage.leftMicros + open.amountMicros;
    return refuse(state, key, { ...shortage, leftMicros, askedMicros: micros });
  }
  end(state, open, "settled", at);
  open.settledMicros = micros;
  if (micros === 0) return { done: null };
  const parts = [{ micros: Math.min(micros, open.amountMicros), admittedAtMs: open.admittedAtMs }];
  if (extra > 0) parts.push({ micros: extra, admittedAtMs: at.windowMs });
  return { done: spend(state, key, open, { ...cost, at, parts, holdId: open.id }) };
}

/** Gives back what an open hold reserves. */
export function end(
  state: LedgerState,
  open: Hold,
  how: "settled" | "released" | "expired",
  at: Instant,
): void {
  const key = ownersOf(state, open.keyId);
  reserve(state, key, -open.amountMicros, at);
  open.state = how;
  open.endedAtMs = at.wallMs;
  state.changedHolds.add(open);
}

/** Notes a refusal: somebody may want to be told of it. */
function refuse(state: LedgerState, key: KeyOwners, shortage: Shortage): { shortage: Shortage } {
  state.refusals.push({ key, shortage });
  return { shortage };
}

function reserve(state: LedgerState, key: KeyOwners, micros: number, at: Instant): void {
  const account = accountOf(state, key.organizationId);
  account.heldMicros += micros;
  account.isChanged = true;
  for (const { id } of key.spenders) {
    spendOf(state, id, at.windowMs).heldMicros += micros;
    state.changedSpends.add(id);
  }
}

function spend(
  state: LedgerState,
  key: KeyOwners,
  { requestId, attempt, subject }: Request,
  what: Cost & {
    at: Instant;
    /** Which windows the cost belongs to, part by part. */
    parts: readonly { micros: number; admittedAtMs: number }[];
    holdId: string | null;
  },
): Entry {
  const { micros, at, parts, holdId, priceId = null, units = null } = what;
  const { organizationId, keyId, workspaceId, userId } = key;
  const account = accountOf(state, organizationId);
  account.balanceMicros -= micros;
  account.isChanged = true;
  for (const { id } of key.spenders) {
    const spent = spendOf(state, id, at.windowMs);
    for (const part of parts) {
      addSpend(spent, part.micros, { admittedAtMs: part.admittedAtMs, atMs: at.windowMs });
    }
    state.changedSpends.add(id);
  }
  spendGrants(state, organizationId, micros);
  const entry: Entry = {
    id: newId("entry", at.wallMs),
    organizationId,
    atMs: at.wallMs,
    kind: "charge",
    amountMicros: -micros,
    balanceMicros: account.balanceMicros,
    keyId,
    workspaceId,
    userId,
    subject,
    requestId,
    attempt,
    holdId,
    grantId: null,
    reason: null,
    createdBy: keyId,
    priceId,
    units,
  };
  state.entries.push(entry);
  state.charged.set(requestName({ keyId, requestId, attempt }), entry);
  return entry;
}

/** Takes back what is left of granted credits whose end has come, as far as no hold reserves it. */
export function expireGrants(state: LedgerState, organizationId: string, at: Instant): Entry[] {
  const account = accountOf(state, organizationId);
  const entries: Entry[] = [];
  for (const grant of state.grants.get(organizationId) ?? []) {
    const micros = Math.min(grant.remainingMicros, availableMicros(account));
    if (grant.expiresAtMs > at.wallMs || micros === 0) continue;
    grant.remainingMicros -= micros;
    grant.isChanged = true;
    account.balanceMicros -= micros;
    account.isChanged = true;
    const entry: Entry = {
      ...entryOfNobody,
      id: newId("entry", at.wallMs),
      organizationId,
      atMs: at.wallMs,
      kind: "expiry",
      amountMicros: -micros,
      balanceMicros: account.balanceMicros,
      grantId: grant.id,
    };
    state.entries.push(entry);
    entries.push(entry);
  }
  return entries;
}

/** The fields of an entry that no key made. */
export const entryOfNobody = {
  keyId: null,
  workspaceId: null,
  userId: null,
  subject: null,
  requestId: null,
  attempt: null,
  holdId: null,
  grantId: null,
  reason: null,
  createdBy: "system",
  priceId: null,
  units: null,
} as const;

/** Credits that end are spent before those that stay, the soonest to end first. */
function spendGrants(state: LedgerState, organizationId: string, micros: number): void {
  let left = micros;
  for (const grant of state.grants.get(organizationId) ?? []) {
    if (left === 0) return;
    const part = Math.min(left, grant.remainingMicros);
    grant.remainingMicros -= part;
    grant.isChanged ||= part > 0;
    left -= part;
  }
}

function ownersOf(state: LedgerState, keyId: string): KeyOwners {
  const key = state.keys.get(keyId);
  if (key === undefined) throw new Error(`${keyId} was not read.`);
  return key;
}
