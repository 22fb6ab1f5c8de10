import { DomainError, type ErrorCode, type ErrorOptions } from "../../core/errors.ts";
import type { Dialect } from "../../dialects/dialect.ts";
import { asSaid, problemBody } from "../render-error.ts";

type Sample = { message: string } & Pick<
  ErrorOptions,
  "param" | "retryAfterSeconds" | "limit" | "fields" | "shortage" | "scope"
>;

const badLabel = { param: "label", message: "Expected string length less or equal to 100." };

/** What the server says with each code. */
const samples: Readonly<Record<ErrorCode, Sample>> = {
  invalid_request: { message: "The Host header is missing or malformed." },
  malformed_authorization: {
    message: "Malformed Authorization header. Send exactly one: Authorization: Bearer KEY.",
  },
  invalid_json: { message: "The body is not valid JSON." },
  missing_api_key: {
    message: "API key missing. Send it in the header: Authorization: Bearer KEY.",
  },
  invalid_api_key: { message: "Invalid API key." },
  missing_credentials: { message: "You are not logged in. POST /auth/login." },
  invalid_session: { message: "The session has ended. Log in again." },
  login_failed: { message: "Email or password is wrong." },
  insufficient_credits: {
    message: "The organization has 0.25 USD of credits left; 1.5 was asked.",
    shortage: { of: "credits", left: 0.25, asked: 1.5 },
  },
  spend_limit_reached: {
    message: "The spend limit of this key has 0.25 USD left; 1.5 was asked.",
    shortage: { of: "key", left: 0.25, asked: 1.5 },
  },
  hold_closed: { message: "This hold is settled. It cannot be changed any more." },
  cross_site_request: { message: "A page of another site may not make this call." },
  insufficient_role: { message: "Only an admin may do this." },
  owner_suspended: { message: "The user, organization or workspace of this key is not active." },
  skill_not_allowed: {
    message: "No hat of this key has the skill github/create-issue.",
    param: "skill",
  },
  link_not_valid: {
    message: "This link was used, has expired or is not complete. Ask for a new one.",
  },
  insufficient_scope: {
    message: "This key lacks the scope keys:write.",
    scope: "keys:write",
  },
  wrong_key_type: { message: "This call needs a management key." },
  ip_not_allowed: { message: "This key may not be used from this address." },
  model_not_allowed: { message: "This key may not use the model gpt-5.", param: "model" },
  provider_not_allowed: {
    message: "This key may not use the provider openai.",
    param: "provider",
  },
  not_found: { message: "No such key." },
  method_not_allowed: { message: "This path has only GET, HEAD." },
  conflict: { message: "There is a plan with this slug.", param: "slug" },
  key_revoked: { message: "This key is revoked, for good. Create a new one." },
  idempotency_in_progress: {
    message: "A request with this Idempotency-Key is still running. Try again shortly.",
    retryAfterSeconds: 1,
  },
  payload_too_large: { message: "The body is larger than 1048576 bytes." },
  unsupported_media_type: {
    message: "The body must be JSON: send Content-Type: application/json.",
  },
  validation_failed: { message: `label: ${badLabel.message}`, param: "label", fields: [badLabel] },
  price_not_found: {
    message: "There is no price of the skill github/create-issue in force. The operator sets one.",
    param: "skill",
  },
  idempotency_key_reused: {
    message: "This Idempotency-Key was used with another request. Use a new one for a new request.",
  },
  rate_limit_exceeded: {
    message: "Rate limit exceeded. Please retry after 32 seconds.",
    retryAfterSeconds: 32,
  },
  daily_limit_reached: {
    message: "Daily limit reached (1000). Resets at midnight UTC.",
    retryAfterSeconds: 52_232,
    limit: 1_000,
  },
  concurrency_limit_reached: {
    message: "Too many concurrent requests (10 allowed).",
    retryAfterSeconds: 1,
  },
  internal_error: { message: "Something went wrong on our side." },
  database_busy: { message: "The database is busy. Try again shortly.", retryAfterSeconds: 1 },
  storage_full: {
    message: "No storage space is left. Nothing was changed.",
    retryAfterSeconds: 1,
  },
  storage_failed: { message: "The storage failed. Nothing was changed.", retryAfterSeconds: 1 },
  overloaded: { message: "Too many requests wait for the database.", retryAfterSeconds: 1 },
};

/** Every code as the server would say it. */
export function sampleError(code: ErrorCode): DomainError {
  const { message, ...options } = samples[code];
  return new DomainError(code, message, options);
}

/** An error as a dialect shows it. */
export function errorExampleIn({ errors }: Pick<Dialect, "errors">, code: ErrorCode): object {
  return errors.body(asSaid(sampleError(code), errors), {
    requestId,
    billingUrl: "https://example.com/billing",
    docsUrl: () => "https://keys.example.com/docs",
  });
}

/** The same as problem details. */
export function problemExample(code: ErrorCode) {
  return problemBody(sampleError(code), requestId);
}

const requestId = "req_4f1c09ab2e0000001";
