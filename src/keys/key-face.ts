import { microsToUsd } from "../credits/micros.ts";
import { type Counters, dayEndMs, minuteEndMs } from "../limits/counters.ts";
import { RateLimitHeaders } from "../limits/rate-limit-headers.ts";
import type { WindowClock } from "../limits/window-clock.ts";
import type { Grant, LiveKey } from "./live-key.ts";

/**
 * The parts of the answer to `GET /key` that stay while the grant stays, so that a hot key costs a
 * few concatenations: the head of the JSON text and the headers.
 */
export class KeyFace {
  readonly headers = new Headers({
    "content-type": "application/json",
    "cache-control": "no-store",
  });
  readonly #head: string;
  readonly #rateLimits: RateLimitHeaders;
  #minuteReset: ResetMemo = { endMs: 0, clockSteps: 0, text: "" };
  #dayReset: ResetMemo = { endMs: 0, clockSteps: 0, text: "" };

  constructor(readonly grant: Grant) {
    this.#head = describeGrant(grant);
    this.#rateLimits = new RateLimitHeaders(grant.limits);
  }

  /** The headers as of now. They are copied by the `Response` that is made from them. */
  headersFor(counters: Counters, clock: WindowClock, requestId: string): Headers {
    this.#rateLimits.write(this.headers, counters, clock);
    this.headers.set("x-request-id", requestId);
    return this.headers;
  }

  /** The JSON text as of now. */
  bodyFor(live: LiveKey, clock: WindowClock): string {
    const { counters } = live;
    const { requestsPerMinute, requestsPerDay, concurrentRequests } = this.grant.limits;
    const minute =
      requestsPerMinute === null
        ? "null"
        : windowJson(
            requestsPerMinute,
            counters.minuteCount,
            resetText(this.#minuteReset, minuteEndMs(counters), clock),
          );
    const day =
      requestsPerDay === null
        ? "null"
        : windowJson(
            requestsPerDay,
            counters.dayCount,
            resetText(this.#dayReset, dayEndMs(counters), clock),
          );
    const concurrent =
      concurrentRequests === null
        ? "null"
        : `{"limit":${concurrentRequests},"remaining":${Math.max(0, concurrentRequests - counters.inFlight)}}`;
    return `${this.#head}"requests_total":${counters.requestsTotal},"rate_limits":{"requests_per_minute":${minute},"requests_per_day":${day},"concurrent_requests":${concurrent}}}`;
  }
}

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

/** The JSON text of what the grant says, up to and with the comma before the counters. */
function describeGrant(grant: Grant): string {
  const limit = grant.spendLimitMicros;
  const text = JSON.stringify({
    label: grant.label,
    usage: microsToUsd(grant.spentMicros),
    limit: limit === null ? null : microsToUsd(limit),
    limit_remaining: limit === null ? null : microsToUsd(Math.max(0, limit - grant.spentMicros)),
    id: grant.keyId,
    organization_id: grant.organizationId,
    workspace_id: grant.workspaceId,
    type: grant.type,
    environment: grant.environment,
    scopes: grant.scopes,
    allowed_models: grant.allowedModels,
    allowed_providers: grant.allowedProviders,
    plan: grant.plan,
    created_at: new Date(grant.createdAtMs).toISOString(),
    expires_at: grant.expiresAtMs === null ? null : new Date(grant.expiresAtMs).toISOString(),
  });
  return `${text.slice(0, -1)},`;
}
