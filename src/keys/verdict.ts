import type { Hold, LedgerState } from "../credits/ledger-state.ts";
import { microsToUsd } from "../credits/micros.ts";
import type { Outcome } from "../credits/movements.ts";
import { accountOf, availableMicros, type Shortage } from "../credits/shortage.ts";
import { rollWindows } from "../limits/counters.ts";
import type { Denial, VerifyCode } from "./decide.ts";
import * as denials from "./denials.ts";
import { statusOf } from "./describe-key.ts";
import type { KeyGate } from "./key-gate.ts";
import type { LiveSecret } from "./live-key.ts";
import { moneyFields } from "./money-text.ts";
import type { Verdict } from "./verify-schemas.ts";

/** The verdict after a charge or a hold, with the money as it leaves it. */
export function verdictOf(
  { gate, billingUrl }: { gate: KeyGate; billingUrl: string | undefined },
  made: {
    secret: LiveSecret;
    state: LedgerState;
    outcome: Outcome<Pick<Hold, "amountMicros" | "priceId">>;
  },
): Verdict {
  const { secret, state, outcome } = made;
  const { organizationId } = secret.live.grant;
  const isShort = "shortage" in outcome;
  const denial = isShort ? denials.shortOf(outcome.shortage, billingUrl) : undefined;
  const isCharge = !isShort && outcome.done.amountMicros < 0;
  const verdict = toVerdict(gate, secret, denial);
  return {
    ...verdict,
    key: verdict.key && withMoney(verdict.key, secret.live, state),
    charged: isCharge ? microsToUsd(-outcome.done.amountMicros) : 0,
    price_id: isShort ? null : outcome.done.priceId,
    remaining_credits: microsToUsd(availableMicros(accountOf(state, organizationId))),
    shortage: isShort ? describeShortage(outcome.shortage) : null,
  };
}

/** The key with its money as the state has it: memory is told after the commit. */
function withMoney(
  { _balance_warning, _remaining_credits, ...key }: NonNullable<Verdict["key"]>,
  { id, grant }: LiveSecret["live"],
  state: LedgerState,
): NonNullable<Verdict["key"]> {
  const spend = state.spends.get(id);
  const account = accountOf(state, grant.organizationId);
  const leftMicros = availableMicros(account);
  const isLow = leftMicros < account.lowBalanceMicros;
  return {
    ...key,
    ...(spend === undefined ? {} : moneyFields(grant, spend)),
    ...(isLow ? { _balance_warning: true, _remaining_credits: microsToUsd(leftMicros) } : {}),
  };
}

function describeShortage({ of, leftMicros, askedMicros }: Shortage) {
  return { of, left: microsToUsd(leftMicros), asked: microsToUsd(askedMicros) };
}

/** The verdict of a decision without money. */
export function toVerdict(
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
    price_id: null,
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
