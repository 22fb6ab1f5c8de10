import { rollWindows } from "../limits/counters.ts";
import { type Denial, decide, type VerifyCode } from "./decide.ts";
import { wrongKeyType } from "./denials.ts";
import { statusOf } from "./describe-key.ts";
import type { KeyGate } from "./key-gate.ts";
import type { LiveSecret } from "./live-key.ts";
import type { Verdict, VerifyKey } from "./verify-schemas.ts";

/**
 * May this key do this? Asked by a management key of the same organization; a key of another one is
 * not found. A refusal uses up nothing, and neither does `consume: false`.
 */
export async function verifyKey(
  gate: KeyGate,
  options: { organizationId: string; input: VerifyKey },
): Promise<Verdict> {
  const { input, organizationId } = options;
  const secret = await gate.find(input.key);
  const isOwn = secret?.live.grant.organizationId === organizationId;
  return judge(gate, isOwn ? secret : undefined, input);
}

function judge(gate: KeyGate, secret: LiveSecret | undefined, input: VerifyKey): Verdict {
  const { scopes = [], model, provider, ip: address, consume = true } = input;
  const moment = gate.now();
  const denial =
    secret?.live.grant.type === "management"
      ? wrongKeyType("A management key may not use the data plane.")
      : decide(secret, { scopes, model, provider, address }, moment);
  if (denial === undefined && secret !== undefined && consume) gate.consume(secret, moment.wallMs);
  return toVerdict(gate, secret, denial);
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
    ...JSON.parse(gate.faces.bodyOf(live)),
    status: statusOf(grant, gate.clock.nowMs()),
    metadata: { ...grant.metadata },
  };
}
