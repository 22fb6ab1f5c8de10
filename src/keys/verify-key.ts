import { invalidField } from "../core/errors.ts";
import type { Metrics } from "../http/metrics.ts";
import { rollWindows } from "../limits/counters.ts";
import { parseAddress } from "../permissions/address-range.ts";
import { type Denial, decide, type VerifyCode } from "./decide.ts";
import { statusOf } from "./describe-key.ts";
import type { KeyGate } from "./key-gate.ts";
import type { LiveSecret } from "./live-key.ts";
import type { Verdict, VerifyKey } from "./verify-schemas.ts";

interface Verifier {
  gate: KeyGate;
  metrics: Metrics;
}

/**
 * May this key do this? Asked by a management key of the same organization; a key of another one is
 * not found. A refusal uses up nothing, and neither does `consume: false`. Throws 422 for a bad `ip`.
 */
export async function verifyKey(
  verifier: Verifier,
  options: { organizationId: string; input: VerifyKey },
): Promise<Verdict> {
  const { input, organizationId } = options;
  const { gate } = verifier;
  if (input.ip !== undefined && parseAddress(input.ip) === undefined) {
    throw invalidField("ip", "Not an IPv4 or IPv6 address.");
  }
  const secret = await gate.find(input.key);
  const isOwn = secret?.live.grant.organizationId === organizationId;
  return judge(verifier, isOwn ? secret : undefined, input);
}

function judge(
  { gate, metrics }: Verifier,
  secret: LiveSecret | undefined,
  input: VerifyKey,
): Verdict {
  const { scopes = [], model, provider, skill, ip: address, consume = true } = input;
  const moment = gate.now();
  const denial = decide(secret, { plane: "data", scopes, model, provider, skill, address }, moment);
  if (denial !== undefined) metrics.countDenial(denial.code);
  else metrics.admitted.verify++;
  if (denial === undefined && secret !== undefined && consume) gate.consume(secret, moment.wallMs);
  const verdict = toVerdict(gate, secret, denial);
  if (verdict.code === "IP_NOT_ALLOWED" && address === undefined) {
    verdict.message = "The key has an allowlist: pass the end user's address as ip.";
  }
  return verdict;
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
    ...JSON.parse(gate.faces.bodyOf(secret)),
    status: statusOf(grant, gate.clock.nowMs()),
    metadata: { ...grant.metadata },
  };
}
