import { microsToUsd } from "../credits/micros.ts";
import { type Counters, dayEndMs, type Limits, minuteEndMs } from "../limits/counters.ts";
import { RateLimitHeaders } from "../limits/rate-limit-headers.ts";
import type { WindowClock } from "../limits/window-clock.ts";
import type { Grant, LiveSecret } from "./live-key.ts";
import { balanceWarning, moneyTextOf } from "./money-text.ts";

/** Sets of limits whose headers are kept; past it the table starts anew. */
const limitSetsMax = 1_000;

/** What `GET /key` says of a key as long as its grant stays. */
export interface KeyFace {
  /** The JSON text of the grant, up to and with the comma before the counters. */
  readonly head: string;
  readonly headers: SharedHeaders;
}

/** One `Headers` object for all keys of the same limits: a key of its own for each would be kilobytes. */
interface SharedHeaders {
  readonly headers: Headers;
  readonly rateLimits: RateLimitHeaders;
}

/**
 * Makes the answers to `GET /key` from parts that stay, so that a hot key costs a few concatenations
 * and three header values: the text of its grant, the headers of its limits, the ends of the windows.
 */
export class KeyFaces {
  #shared = new Map<string, SharedHeaders>();
  #minuteReset: ResetMemo = { endMs: 0, clockSteps: 0, text: "" };
  #dayReset: ResetMemo = { endMs: 0, clockSteps: 0, text: "" };

  /** With `isLimitAlways` keys without windows have the headers of limits too. */
  constructor(
    private readonly clock: WindowClock,
    private readonly isLimitAlways: boolean,
  ) {}

  /** The headers of these limits, made anew: for an answer off the fast path. */
  rateLimitsOf(limits: Limits): RateLimitHeaders {
    return new RateLimitHeaders(limits, this.isLimitAlways);
  }

  /** The headers as of now. They are copied by the `Response` that is made from them. */
  headersOf(secret: LiveSecret, requestId: string): Headers {
    const { headers, rateLimits } = this.#faceOf(secret).headers;
    rateLimits.write(headers, secret.live.counters, this.clock);
    headers.set("x-request-id", requestId);
    writeCredits(headers, secret.live.grant);
    return headers;
  }

  /** The JSON text as of now. */
  bodyOf(secret: LiveSecret): string {
    const { counters, grant } = secret.live;
    const { requestsPerMinute, requestsPerDay, concurrentRequests } = grant.limits;
    const minute =
      requestsPerMinute === null
        ? "null"
        : windowJson(requestsPerMinute, counters.minuteCount, this.#minuteResetText(counters));
    const day =
      requestsPerDay === null
        ? "null"
        : windowJson(requestsPerDay, counters.dayCount, this.#dayResetText(counters));
    const concurrent =
      concurrentRequests === null
        ? "null"
        : `{"limit":${concurrentRequests},"remaining":${Math.max(0, concurrentRequests - counters.inFlight)}}`;
    const money = moneyTextOf(secret.live, this.clock.nowMs());
    return `${this.#faceOf(secret).head}${money}"requests_total":${counters.requestsTotal},"rate_limits":{"requests_per_minute":${minute},"requests_per_day":${day},"concurrent_requests":${concurrent}}${balanceWarning(grant)}}`;
  }

  #faceOf(secret: LiveSecret): KeyFace {
    const { grant } = secret.live;
    secret.face ??= { head: describeHead(secret), headers: this.#headersFor(grant) };
    return secret.face;
  }

  #headersFor({ limits }: Grant): SharedHeaders {
    const name = `${limits.requestsPerMinute} ${limits.requestsPerDay}`;
    const known = this.#shared.get(name);
    if (known !== undefined) return known;
    if (this.#shared.size >= limitSetsMax) this.#shared.clear();
    const headers = new Headers({
      "content-type": "application/json",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    });
    const made = { headers, rateLimits: this.rateLimitsOf(limits) };
    this.#shared.set(name, made);
    return made;
  }

  #minuteResetText(counters: Counters): string {
    return resetText(this.#minuteReset, minuteEndMs(counters), this.clock);
  }

  #dayResetText(counters: Counters): string {
    return resetText(this.#dayReset, dayEndMs(counters), this.clock);
  }
}

/** What the organization can still spend, once there have been credits at all. */
export function writeCredits(headers: Headers, { account }: Grant): void {
  if (account.version === 0) headers.delete(creditsHeader);
  else headers.set(creditsHeader, String(microsToUsd(account.availableMicros)));
}

const creditsHeader = "x-credits-remaining";

interface ResetMemo {
  endMs: number;
  clockSteps: number;
  text: string;
}

function windowJson(limit: number, count: number, resetAt: string): string {
  return `{"limit":${limit},"remaining":${Math.max(0, limit - count)},"reset_at":"${resetAt}"}`;
}

/** Formatting a date costs as much as the rest of the answer; it changes once a window. */
function resetText(memo: ResetMemo, endMs: number, clock: WindowClock): string {
  if (memo.endMs !== endMs || memo.clockSteps !== clock.steps) {
    memo.endMs = endMs;
    memo.clockSteps = clock.steps;
    memo.text = new Date(clock.toWallMs(endMs)).toISOString();
  }
  return memo.text;
}

function describeHead({ live: { grant }, runtimeId }: LiveSecret): string {
  const text = JSON.stringify({
    label: grant.label,
    id: grant.keyId,
    organization_id: grant.organizationId,
    workspace_id: grant.workspaceId,
    user_id: grant.userId,
    runtime_id: runtimeId,
    type: runtimeId === null ? grant.type : "runtime",
    environment: grant.environment,
    scopes: grant.scopes,
    hats: grant.hats.worn,
    allowed_models: grant.allowedModels,
    allowed_providers: grant.allowedProviders,
    plan: grant.plan,
    created_at: new Date(grant.createdAtMs).toISOString(),
    expires_at: grant.expiresAtMs === null ? null : new Date(grant.expiresAtMs).toISOString(),
  });
  return `${text.slice(0, -1)},`;
}
