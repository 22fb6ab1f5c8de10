import { secondMs } from "../core/clock.ts";
import { DomainError, invalidField } from "../core/errors.ts";
import { describeHold } from "../credits/describe-credits.ts";
import type { Ledger } from "../credits/ledger.ts";
import { type Hold, type LedgerState, requestName } from "../credits/ledger-state.ts";
import {
  type Cost,
  charge,
  hold,
  type Instant,
  type Outcome,
  type Request,
} from "../credits/movements.ts";
import { holdSecondsDefault } from "../credits/schemas.ts";
import type { Alongside } from "../db/client.ts";
import type { Metrics } from "../http/metrics.ts";
import { newRequestId } from "../http/request-id.ts";
import { parseAddress } from "../permissions/address-range.ts";
import type { PriceBook } from "../prices/price-book.ts";
import { type Denial, decide } from "./decide.ts";
import * as denials from "./denials.ts";
import type { KeyGate } from "./key-gate.ts";
import type { LiveSecret } from "./live-key.ts";
import { toVerdict, verdictOf } from "./verdict.ts";
import { type AskedCost, readCost, readMaxCost } from "./verify-cost.ts";
import type { HeldVerdict, HoldCredits, Verdict, VerifyKey } from "./verify-schemas.ts";

interface Verifier {
  gate: KeyGate;
  metrics: Metrics;
  ledger: Ledger;
  prices: { book: PriceBook };
  billingUrl: string | undefined;
}

interface Asking<Input, Answer> {
  organizationId: string;
  input: Input;
  /** What goes into the transaction of a charge, told what will be answered. */
  alongside?: (answer: Answer) => Alongside;
}

/**
 * May this key do this? Asked by a management key of the same organization; a key of another one is
 * not found. With a cost it is charged, and the verdict is given when that is on the disk. A refusal
 * uses up nothing, and neither does `consume: false`. Throws 422 for a bad `ip`, `cost` or `units`, and for
 * units that have no price.
 */
export async function verifyKey(
  verifier: Verifier,
  { organizationId, input, alongside = () => [] }: Asking<VerifyKey, Verdict>,
): Promise<Verdict> {
  const cost = readCost(input, verifier.prices.book);
  const secret = await find(verifier, organizationId, input);
  const denial = judge(verifier, secret, input);
  if (denial !== undefined || secret === undefined || !cost.isSome) {
    return conclude(verifier, { secret, denial, input });
  }
  return move(verifier, { secret, input, cost, earlier: "charged" }, (asked) => {
    const { state, request, at, ...known } = asked;
    const outcome =
      known.micros === 0 && !state.charged.has(requestName(request))
        ? free(known)
        : charge(state, request, { ...known, at });
    const verdict = verdictOf(verifier, { secret, state, outcome });
    return { outcome, answer: verdict, alongside: () => alongside(verdict) };
  });
}

/**
 * The same for work whose cost is not known yet: the most that it can cost is held. Throws 422 like
 * `verifyKey`.
 */
export async function holdCredits(
  verifier: Verifier,
  { organizationId, input, alongside = () => [] }: Asking<HoldCredits, HeldVerdict>,
): Promise<HeldVerdict> {
  const cost = readMaxCost(input, verifier.prices.book);
  const ttlMs = (input.ttl_seconds ?? holdSecondsDefault) * secondMs;
  const secret = await find(verifier, organizationId, input);
  const denial = judge(verifier, secret, input);
  if (denial !== undefined || secret === undefined) {
    return { ...conclude(verifier, { secret, denial, input }), hold: null };
  }
  return move(verifier, { secret, input, cost, earlier: "heldFor" }, (asked) => {
    const { state, request, at, ...known } = asked;
    const outcome = hold(state, request, { ...known, ttlMs, at });
    if ("done" in outcome && !isOpen(outcome.done, at.windowMs)) return holdClosed(outcome.done);
    const verdict = verdictOf(verifier, { secret, state, outcome });
    const answer = { ...verdict, hold: "done" in outcome ? describeHold(outcome.done) : null };
    return { outcome, answer, alongside: () => alongside(answer) };
  });
}

/** A repeated request whose hold has ended reserves nothing: whoever goes on would work for free. */
function holdClosed({ state }: Hold): DomainError {
  const how = state === "open" ? "overdue" : state;
  return new DomainError("hold_closed", `The hold of this request is ${how}. Use another one.`);
}

function isOpen({ state, expiresAtMs }: Hold, windowMs: number): boolean {
  return state === "open" && expiresAtMs > windowMs;
}

type Input = VerifyKey | HoldCredits;

/** The secret, if it is one of the organization's keys. */
async function find(
  { gate }: Verifier,
  organizationId: string,
  { key, ip }: Input,
): Promise<LiveSecret | undefined> {
  if (ip !== undefined && parseAddress(ip) === undefined) {
    throw invalidField("ip", "Not an IPv4 or IPv6 address.");
  }
  const secret = await gate.find(key);
  return secret?.live.grant.organizationId === organizationId ? secret : undefined;
}

/** The decision but for the money. What it admits is counted in the same turn: nothing waits between. */
function judge(
  { gate }: Verifier,
  secret: LiveSecret | undefined,
  input: Input,
): Denial | undefined {
  const { scopes = [], model, provider, skill, ip: address } = input;
  return decide(secret, { plane: "data", scopes, model, provider, skill, address }, gate.now());
}

/** Without money: the verdict is given at once. */
function conclude(
  verifier: Verifier,
  asked: { secret: LiveSecret | undefined; denial: Denial | undefined; input: Input },
): Verdict {
  const { gate, metrics } = verifier;
  const { secret, denial, input } = asked;
  if (denial !== undefined) metrics.countDenial(denial.code);
  else metrics.admitted.verify++;
  if (secret !== undefined && isConsuming(input)) {
    const subject = subjectOf(input) ?? "";
    if (denial === undefined) gate.consume(secret, gate.clock.nowMs(), subject);
    else gate.noteRefused(secret, denial, subject);
  }
  const verdict = toVerdict(gate, secret, denial);
  if (verdict.code === "IP_NOT_ALLOWED" && input.ip === undefined) {
    verdict.message = "The key has an allowlist: pass the end user's address as ip.";
  }
  return verdict;
}

/** What is asked of the ledger, with the cost at that moment. */
interface Move extends Cost {
  state: LedgerState;
  request: Request;
  at: Instant;
}

interface Moved<Answer> {
  outcome: Outcome<unknown>;
  answer: Answer;
  alongside: () => Alongside;
}

/** What a price of 0 makes of a charge: nothing is booked. */
function free({ priceId = null }: Cost): Outcome<{ amountMicros: number; priceId: string | null }> {
  return { done: { amountMicros: 0, priceId }, replayed: false };
}

/**
 * With money: the request is counted before the ledger is asked, so that no other takes its place, and
 * taken back when there is too little or the charge fails.
 */
async function move<Answer>(
  { gate, metrics, ledger, prices }: Verifier,
  asking: {
    secret: LiveSecret;
    input: Input;
    cost: AskedCost;
    /** Where the state has what was made for the same request before. */
    earlier: "charged" | "heldFor";
  },
  apply: (move: Move) => Moved<Answer> | DomainError,
): Promise<Answer> {
  const { secret, input, cost, earlier } = asking;
  const { request_id: givenId, attempt = 1 } = input;
  const subject = subjectOf(input);
  const keyId = secret.live.id;
  const request = { keyId, requestId: givenId ?? newRequestId(), attempt, subject };
  const takeBack = isConsuming(input) ? gate.reserve(secret, gate.clock.nowMs()) : () => {};
  const moveIt = () =>
    ledger.move({
      // An id of our own was never used before.
      about: givenId === undefined ? { keyId } : { keyId, request },
      apply: (state, at) => {
        // A repeated request gets the same again, also when its price has ended since.
        const isAgain = state[earlier].has(requestName(request));
        const known = isAgain ? { micros: 0 } : cost.at(at.wallMs);
        return known instanceof DomainError ? known : apply({ ...known, state, request, at });
      },
      alongside: (moved) =>
        moved instanceof DomainError || "shortage" in moved.outcome ? [] : moved.alongside(),
    });
  try {
    const moved = await (cost.isByPrice ? prices.book.charge(moveIt) : moveIt());
    if (moved instanceof DomainError) throw moved;
    const { outcome, answer } = moved;
    if ("shortage" in outcome) {
      takeBack();
      const denial = denials.shortOf(outcome.shortage);
      metrics.countDenial(denial.code);
      if (isConsuming(input)) gate.noteRefused(secret, denial, subject ?? "");
    } else if (outcome.replayed) takeBack();
    else {
      metrics.admitted.verify++;
      if (isConsuming(input)) gate.noteAdmitted(secret, subject ?? "");
    }
    return answer;
  } catch (error) {
    takeBack();
    throw error;
  }
}

/** What is charged for or asked about: as the caller names it, else the skill or the model. */
function subjectOf({ subject, skill, model }: Input): string | null {
  return subject ?? skill ?? model ?? null;
}

function isConsuming(input: Input): boolean {
  return !("consume" in input) || input.consume !== false;
}
