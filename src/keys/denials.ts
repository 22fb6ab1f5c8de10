import { DomainError } from "../core/errors.ts";
import { shortageError } from "../credits/refuse.ts";
import type { Shortage } from "../credits/shortage.ts";
import { type Counters, dayEndMs, type LimitName, minuteEndMs } from "../limits/counters.ts";
import type { Denial, Moment } from "./decide.ts";
import type { Grant } from "./live-key.ts";

/**
 * A caller learns nothing from a 401: a key that never was, was revoked, has expired or is disabled
 * gives the same answer. Only `verify`, called by the key's owner, tells them apart.
 */
export function invalidKey(): DomainError {
  return new DomainError("invalid_api_key", "Invalid API key.");
}

export const notFound = (): Denial => ({ code: "NOT_FOUND", error: invalidKey() });
export const revoked = (): Denial => ({ code: "REVOKED", error: invalidKey() });
export const expired = (): Denial => ({ code: "EXPIRED", error: invalidKey() });
export const disabled = (): Denial => ({ code: "DISABLED", error: invalidKey() });

export const ownerSuspended = (): Denial => ({
  code: "OWNER_SUSPENDED",
  error: new DomainError(
    "owner_suspended",
    "The user, organization or workspace of this key is not active.",
  ),
});

export const wrongPlane = (plane: "data" | "management"): Denial => ({
  code: "WRONG_KEY_TYPE",
  error: new DomainError(
    "wrong_key_type",
    plane === "data"
      ? "A management key may not use the data plane. Create a workspace key with POST /api-keys."
      : "This call needs a management key.",
  ),
});

export const notOperator = (): Denial => ({
  code: "WRONG_KEY_TYPE",
  error: new DomainError(
    "wrong_key_type",
    "This call needs a management key of the instance's operator.",
  ),
});

export const addressNotAllowed = (): Denial => ({
  code: "IP_NOT_ALLOWED",
  error: new DomainError("ip_not_allowed", "This key may not be used from this address."),
});

export const scopeMissing = (scope: string): Denial => ({
  code: "INSUFFICIENT_SCOPE",
  error: new DomainError("insufficient_scope", `This key lacks the scope ${scope}.`, { scope }),
});

export const skillNotAllowed = (skill: string): Denial => ({
  code: "SKILL_NOT_ALLOWED",
  error: new DomainError("skill_not_allowed", `No hat of this key has the skill ${skill}.`, {
    param: "skill",
  }),
});

export const modelNotAllowed = (model: string): Denial => ({
  code: "MODEL_NOT_ALLOWED",
  error: new DomainError("model_not_allowed", `This key may not use the model ${model}.`, {
    param: "model",
  }),
});

export const providerNotAllowed = (provider: string): Denial => ({
  code: "PROVIDER_NOT_ALLOWED",
  error: new DomainError("provider_not_allowed", `This key may not use the provider ${provider}.`, {
    param: "provider",
  }),
});

/** A 429 whose `Retry-After` is rounded up, so that it is never earlier than the reset. */
export function overLimit(
  limit: LimitName,
  grant: Grant,
  counters: Counters,
  moment: Moment,
): Denial {
  switch (limit) {
    case "requests_per_day": {
      const retryAfterSeconds = wholeSeconds(moment.untilMs(dayEndMs(counters)));
      const limit = grant.limits.requestsPerDay ?? 0;
      const message = `Daily limit reached (${limit}). Resets at midnight UTC.`;
      const options = { retryAfterSeconds, limit };
      return rateLimited(new DomainError("daily_limit_reached", message, options));
    }
    case "requests_per_minute": {
      const retryAfterSeconds = wholeSeconds(moment.untilMs(minuteEndMs(counters)));
      const message = `Rate limit exceeded. Please retry after ${retryAfterSeconds} seconds.`;
      return rateLimited(new DomainError("rate_limit_exceeded", message, { retryAfterSeconds }));
    }
    case "concurrent_requests": {
      const message = `Too many concurrent requests (${grant.limits.concurrentRequests} allowed).`;
      const options = { retryAfterSeconds: 1 };
      return {
        code: "CONCURRENCY_LIMITED",
        error: new DomainError("concurrency_limit_reached", message, options),
      };
    }
  }
}

/** A 402: of the organization's credits, or of a spend limit. */
export const shortOf = (shortage: Shortage, billingUrl?: string): Denial => ({
  code: shortage.of === "credits" ? "INSUFFICIENT_CREDITS" : "SPEND_LIMIT_REACHED",
  error: shortageError(shortage, billingUrl),
});

function rateLimited(error: DomainError): Denial {
  return { code: "RATE_LIMITED", error };
}

/** Rounded up, and never 0: what `Retry-After` takes. */
export function wholeSeconds(durationMs: number): number {
  return Math.max(1, Math.ceil(durationMs / 1_000));
}
