import { secondMs } from "../core/clock.ts";
import { invalidField } from "../core/errors.ts";
import { readAmount } from "../credits/amount-schemas.ts";
import { describeHold } from "../credits/describe-credits.ts";
import type { Ledger } from "../credits/ledger.ts";
import type { Hold, LedgerState } from "../credits/ledger-state.ts";
import { microsToUsd } from "../credits/micros.ts";
import { charge, hold, type Instant, type Outcome, type Request } from "../credits/movements.ts";
import { holdSecondsDefault } from "../credits/schemas.ts";
import { accountOf, availableMicros, type Shortage } from "../credits/shortage.ts";
import type { Alongside } from "../db/client.ts";
import type { Metrics } from "../http/metrics.ts";
import { newRequestId } from "../http/request-id.ts";
import { rollWindows } from "../limits/counters.ts";
import { parseAddress } from "../permissions/address-range.ts";
import { type Denial, decide, type VerifyCode } from "./decide.ts";
import * as denials from "./denials.ts";
import { statusOf } from "./describe-key.ts";
import type { KeyGate } from "./key-gate.ts";
import type { LiveSecret } from "./live-key.ts";
import type { HeldVerdict, HoldCredits, Verdict, VerifyKey } from "./verify-schemas.ts";

interface Verifier {
  gate: KeyGate;
  metrics: Metrics;
  ledger: Ledger;
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
 * uses up nothing, and neither does `consume: false`. Throws 422 for a bad `ip` or `cost`.
 */
export async function verifyKey(
  verifier: Verifier,
  { organizationId, input, alongside = () => [] }: Asking<VerifyKey, Verdict>,
): Promise<Verdict> {
  const micros = readAmount("cost", input.cost ?? 0);
  const secret = await find(verifier, organizationId, input);
  const denial = judge(verifier, secret, input);
  if (denial !== undefined || secret === undefined || micros === 0) {
    return conclude(verifier, { secret, denial, input });
  }
  return move(verifier, { secret, input }, (state, request, at) => {
    const outcome = charge(state, request, { micros, at });
    const verdict = verdictOf(verifier, { secret, state, outcome });
    return { outcome, answer: verdict, alongside: () => alongside(verdict) };
  });
}

/**
 * The same for work whose price is not known yet: what it can cost at most is held. Throws 422 for a
 * bad `ip` or `max_cost`.
 */
export async function holdCredits(
  verifier: Verifier,
  { organizationId, input, alongside = () => [] }: Asking<HoldCredits, HeldVerdict>,
): Promise<HeldVerdict> {
  const micros = readAmount("max_cost", input.max_cost);
  const ttlMs = (input.ttl_seconds ?? holdSecondsDefault) * secondMs;
  const secret = await find(verifier, organizationId, input);
  const denial = judge(verifier, secret, input);
  if (denial !== undefined || secret === undefined) {
    return { ...conclude(verifier, { secret, denial, input }), hold: null };
  }
  return move(verifier, { secret, input }, (state, request, at) => {
    const outcome = hold(state, request, { micros, ttlMs, at });
    const verdict = verdictOf(verifier, { secret, state, outcome });
    const answer = { ...verdict, hold: "done" in outcome ? describeHold(outcome.done) : null };
    return { outcome, answer, alongside: () => alongside(answer) };
  });
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

interface Moved<Answer> {
  outcome: Outcome<unknown>;
  answer: Answer;
  alongside: () => Alongside;
}

/**
 * With money: the request is counted before the ledger is asked, so that no other takes its place, and
 * taken back when there is too little or the charge fails.
 */
async function move<Answer>(
  { gate, metrics, ledger }: Verifier,
  { secret, input }: { secret: LiveSecret; input: Input },
  apply: (state: LedgerState, request: Request, at: Instant) => Moved<Answer>,
): Promise<Answer> {
  const { request_id: givenId, attempt = 1 } = input;
  const subject = subjectOf(input);
  const keyId = secret.live.id;
  const request = { keyId, requestId: givenId ?? newRequestId(), attempt, subject };
  const takeBack = isConsuming(input) ? gate.reserve(secret, gate.clock.nowMs()) : () => {};
  try {
    const { outcome, answer } = await ledger.move({
      // An id of our own was never used before.
      about: givenId === undefined ? { keyId } : { keyId, request },
      apply: (state, at) => apply(state, request, at),
      alongside: ({ outcome: made, alongside }) => ("shortage" in made ? [] : alongside()),
    });
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

/** The verdict after a charge or a hold, with the money as it leaves it. */
function verdictOf(
  { gate, billingUrl }: Verifier,
  made: {
    secret: LiveSecret;
    state: LedgerState;
    outcome: Outcome<Hold | { amountMicros: number }>;
  },
): Verdict {
  const { secret, state, outcome } = made;
  const { organizationId } = secret.live.grant;
  const isShort = "shortage" in outcome;
  const denial = isShort ? denials.shortOf(outcome.shortage, billingUrl) : undefined;
  const isCharge = !isShort && outcome.done.amountMicros < 0;
  return {
    ...toVerdict(gate, secret, denial),
    charged: isCharge ? microsToUsd(-outcome.done.amountMicros) : 0,
    remaining_credits: microsToUsd(availableMicros(accountOf(state, organizationId))),
    shortage: isShort ? describeShortage(outcome.shortage) : null,
  };
}

function describeShortage({ of, leftMicros, askedMicros }: Shortage) {
  return { of, left: microsToUsd(leftMicros), asked: microsToUsd(askedMicros) };
}

function toVerdict(
  gate: KeyGate,
  secret: LiveSecret | undefined,
  denial: Denial | undefined,
): Verdict {
  const code = denial?.code ?? "VALID";
  return {
    valid: denial === undefined,
    code,
    message: verdictMessages[code] ?? denial?.error.message ?? "The key may be used.",
    missing_scope: denial?.error.options.scope ?? null,
    retry_after: denial?.error.options.retryAfterSeconds ?? null,
    charged: 0,
    remaining_credits: microsToUsd(secret?.live.grant.account.availableMicros ?? 0),
    shortage: null,
    key: secret === undefined ? null : describeVerified(gate, secret),
  };
}

/** The owner of a key is told what its holder is not. */
const verdictMessages: Partial<Record<VerifyCode, string>> = {
  NOT_FOUND: "There is no such key.",
  REVOKED: "The key is revoked.",
  EXPIRED: "The key, or this secret of it, has expired.",
  DISABLED: "The key is disabled.",
};

function describeVerified(gate: KeyGate, secret: LiveSecret): Verdict["key"] {
  const { live } = secret;
  const { grant } = live;
  rollWindows(live.counters, gate.windowClock.nowMs());
  return {
    ...JSON.parse(gate.faces.bodyOf(secret)),
    status: statusOf(grant, gate.clock.nowMs()),
    metadata: { ...grant.metadata },
  };
}
