import { newId } from "../crypto/ids.ts";
import type { Alongside, Database } from "../db/client.ts";
import type { RechargeRules } from "../recharges/recharge-rules.ts";
import {
  insertEvents,
  insertKeyEvent,
  type KeyEvents,
  type NewEvent,
} from "../webhooks/event-store.ts";
import type { Account, LedgerState, Refusal } from "./ledger-state.ts";
import { microsToUsd } from "./micros.ts";
import type { Instant } from "./movements.ts";
import { OnceNames } from "./once-names.ts";
import { availableMicros } from "./shortage.ts";
import { resetStartMs } from "./spend-windows.ts";

/** What goes into the transaction of a batch besides, and what is to be done after it. */
export interface Consequences {
  statements: Alongside;
  committed: () => void;
}

const none: Consequences = { statements: [], committed: () => {} };

/**
 * What follows from a batch of charges and holds: events of running low, of having run out and of reached
 * limits, and recharges. Each has a name by which it happens once; the names written last are
 * kept in memory, so that the thousandth refused call costs no commit.
 */
export class CreditEvents {
  #written = new OnceNames();

  constructor(private readonly options: { db: Database; rules: RechargeRules; wake: () => void }) {}

  /** Whoever begins to listen is told of what was put to the database while nobody did. */
  forgetWritten(): void {
    this.#written = new OnceNames();
  }

  /** The consequences of what a batch has made of the state. */
  follow(state: LedgerState, at: Instant): Consequences {
    const { db, rules, wake } = this.options;
    const nowMs = at.wallMs;
    // Of before: what is forgotten while the batch is written stays forgotten.
    const written = this.#written;
    const accounts = [...state.accounts.values()];
    const fresh = this.#new([
      ...accounts.flatMap((account) => changesOf(account, nowMs)),
      ...exhaustions(state, nowMs),
    ]);
    const limits = this.#new(state.refusals.flatMap((refusal) => limitOf(state, refusal)));
    const wishes = accounts.flatMap((account) => {
      const { organizationId, topUps } = account;
      const standing = { organizationId, topUps, availableMicros: availableMicros(account) };
      return rules.wishOf(standing, nowMs) ?? [];
    });
    if (fresh.length + limits.length + wishes.length === 0) return none;
    return {
      statements: [
        ...insertEvents(db, fresh),
        ...limits.flatMap(({ keyId, ...limit }) =>
          insertKeyEvent(db, keyId, { type: "key.limit_reached", nowMs, ...limit }),
        ),
        ...wishes.flatMap(({ wish }) => wish.statements(db)),
      ],
      committed: () => {
        for (const { onceName } of [...fresh, ...limits]) written.add(onceName);
        for (const { tried } of wishes) tried();
        wake();
      },
    };
  }

  /** Those that were not written lately, one of each name. */
  #new<T extends { onceName: string }>(events: readonly T[]): T[] {
    const byName = new Map<string, T>();
    for (const event of events) {
      if (!this.#written.has(event.onceName)) byName.set(event.onceName, event);
    }
    return [...byName.values()];
  }
}

/** An event that happens once. */
type OnceEvent = NewEvent & { onceName: string };

/** What an account was before a change, and is after it. */
export interface BalanceChange {
  organizationId: string;
  topUps: number;
  lowBalanceMicros: number;
  beforeMicros: number;
  afterMicros: number;
}

/** The events of what can be spent having fallen: below the threshold, or to nothing. */
export function eventsOfChange(change: BalanceChange, nowMs: number): OnceEvent[] {
  const { lowBalanceMicros, beforeMicros, afterMicros } = change;
  const events: OnceEvent[] = [];
  if (beforeMicros >= lowBalanceMicros && afterMicros < lowBalanceMicros) {
    events.push(lowEvent(change, { availableMicros: afterMicros, lowBalanceMicros }, nowMs));
  }
  if (beforeMicros > 0 && afterMicros <= 0) {
    const data = { available: microsToUsd(afterMicros), asked: null, key_id: null };
    events.push(creditEvent("credits.exhausted", change, nowMs, data));
  }
  return events;
}

/** The event of a threshold that is raised above what can be spent, to be written where that holds. */
export function lowByThreshold(
  account: { organizationId: string; topUps: number; availableMicros: number },
  { lowBalanceMicros, onlyIf }: { lowBalanceMicros: number } & Pick<Required<NewEvent>, "onlyIf">,
  nowMs: number,
): NewEvent {
  const { availableMicros } = account;
  return { ...lowEvent(account, { availableMicros, lowBalanceMicros }, nowMs), onlyIf };
}

function lowEvent(
  account: { organizationId: string; topUps: number },
  { availableMicros, lowBalanceMicros }: { availableMicros: number; lowBalanceMicros: number },
  nowMs: number,
): OnceEvent {
  const data = {
    available: microsToUsd(availableMicros),
    low_balance_threshold: microsToUsd(lowBalanceMicros),
  };
  return creditEvent("credits.low", account, nowMs, data);
}

function changesOf(account: Account, nowMs: number): OnceEvent[] {
  if (!account.isChanged) return [];
  const { organizationId, topUps, lowBalanceMicros, availableBeforeMicros } = account;
  const change = {
    organizationId,
    topUps,
    lowBalanceMicros,
    beforeMicros: availableBeforeMicros,
    afterMicros: availableMicros(account),
  };
  return eventsOfChange(change, nowMs);
}

/**
 * Charges and holds that were refused for lack of credits, of accounts that run low: a hold of more than
 * anybody has is no proof that credits have run out.
 */
function exhaustions(state: LedgerState, nowMs: number): OnceEvent[] {
  // One of each organization: a batch can hold hundreds of the same.
  const ofCredits = state.refusals.filter(({ shortage }) => shortage.of === "credits");
  const refused = new Map(ofCredits.map((refusal) => [refusal.key.organizationId, refusal]));
  return [...refused.values()].flatMap(({ key, shortage }) => {
    const account = state.accounts.get(key.organizationId);
    if (account === undefined || !isLow(account)) return [];
    const data = {
      available: microsToUsd(shortage.leftMicros),
      asked: microsToUsd(shortage.askedMicros),
      key_id: key.keyId,
    };
    return [creditEvent("credits.exhausted", account, nowMs, data)];
  });
}

function isLow(account: Account): boolean {
  const micros = availableMicros(account);
  return micros <= 0 || micros < account.lowBalanceMicros;
}

/** Once until credits are added. */
function creditEvent(
  type: "credits.low" | "credits.exhausted",
  { organizationId, topUps }: { organizationId: string; topUps: number },
  nowMs: number,
  data: Record<string, unknown>,
): OnceEvent {
  return {
    id: newId("event", nowMs),
    organizationId,
    type,
    data: { organization_id: organizationId, ...data },
    onceName: `${type} ${organizationId} ${topUps}`,
    createdAtMs: nowMs,
  };
}

/** A reached spend limit: that of the key, of its workspace or of its user. */
type ReachedLimit = Required<Pick<KeyEvents, "more">> & { keyId: string; onceName: string };

/** Once for each limit and window, and anew when the limit is changed. */
function limitOf(state: LedgerState, { key, shortage }: Refusal): ReachedLimit[] {
  const spender = key.spenders.find(({ kind }) => kind === shortage.of);
  const spend = spender && state.spends.get(spender.id);
  if (spender === undefined || spend === undefined || spender.limitMicros === null) return [];
  const { id, kind, reset, limitMicros } = spender;
  const windowMs = resetStartMs(spend, reset);
  return [
    {
      keyId: key.keyId,
      // The name of a subject has no space: see `deleteOldEvents`.
      onceName: `key.limit_reached ${id.replace(" ", "/")} ${reset} ${limitMicros} ${windowMs}`,
      more: {
        limit_of: kind,
        spend_limit: microsToUsd(limitMicros),
        spend_limit_reset: reset,
        left: microsToUsd(shortage.leftMicros),
        asked: microsToUsd(shortage.askedMicros),
      },
    },
  ];
}
