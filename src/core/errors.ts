/**
 * Every error a caller can meet. The status is on the code, so that no second list has to be kept
 * in step. `title` is the short, stable sentence RFC 9457 section 3.1.4 asks for.
 */
export const errorCodes = {
  invalid_request: { status: 400, type: "invalid_request_error", title: "Malformed request" },
  malformed_authorization: {
    status: 400,
    type: "invalid_request_error",
    title: "Authorization header malformed",
  },
  invalid_json: { status: 400, type: "invalid_request_error", title: "Body is not JSON" },
  missing_api_key: { status: 401, type: "authentication_error", title: "API key missing" },
  invalid_api_key: { status: 401, type: "authentication_error", title: "API key not valid" },
  missing_credentials: { status: 401, type: "authentication_error", title: "Not logged in" },
  invalid_session: { status: 401, type: "authentication_error", title: "Session not valid" },
  login_failed: { status: 401, type: "authentication_error", title: "Login failed" },
  insufficient_credits: { status: 402, type: "insufficient_credits", title: "Credits used up" },
  spend_limit_reached: { status: 402, type: "insufficient_credits", title: "Spend limit reached" },
  cross_site_request: { status: 403, type: "permission_error", title: "Cross-site request" },
  insufficient_role: { status: 403, type: "permission_error", title: "Role not sufficient" },
  insufficient_scope: { status: 403, type: "permission_error", title: "Scope missing" },
  wrong_key_type: { status: 403, type: "permission_error", title: "Wrong type of key" },
  model_not_allowed: { status: 403, type: "permission_error", title: "Model not allowed" },
  provider_not_allowed: { status: 403, type: "permission_error", title: "Provider not allowed" },
  skill_not_allowed: { status: 403, type: "permission_error", title: "Skill not allowed" },
  ip_not_allowed: { status: 403, type: "permission_error", title: "Address not allowed" },
  owner_suspended: { status: 403, type: "permission_error", title: "Owner suspended" },
  not_found: { status: 404, type: "not_found_error", title: "Not found" },
  method_not_allowed: { status: 405, type: "invalid_request_error", title: "Method not allowed" },
  conflict: { status: 409, type: "conflict_error", title: "Conflict with the current state" },
  key_revoked: { status: 409, type: "conflict_error", title: "Key is revoked" },
  hold_closed: { status: 409, type: "conflict_error", title: "Hold is closed" },
  idempotency_in_progress: { status: 409, type: "conflict_error", title: "Request still running" },
  link_not_valid: { status: 410, type: "not_found_error", title: "Link not valid" },
  payload_too_large: { status: 413, type: "invalid_request_error", title: "Body too large" },
  unsupported_media_type: {
    status: 415,
    type: "invalid_request_error",
    title: "Media type not supported",
  },
  validation_failed: { status: 422, type: "validation_error", title: "Validation failed" },
  price_not_found: { status: 422, type: "validation_error", title: "No price in force" },
  idempotency_key_reused: {
    status: 422,
    type: "validation_error",
    title: "Idempotency key reused with another payload",
  },
  rate_limit_exceeded: { status: 429, type: "rate_limit_error", title: "Rate limit exceeded" },
  daily_limit_reached: { status: 429, type: "rate_limit_error", title: "Daily limit reached" },
  concurrency_limit_reached: {
    status: 429,
    type: "rate_limit_error",
    title: "Too many concurrent requests",
  },
  internal_error: { status: 500, type: "api_error", title: "Internal error" },
  database_busy: { status: 503, type: "api_error", title: "Database busy" },
  storage_full: { status: 503, type: "api_error", title: "Storage full" },
  storage_failed: { status: 503, type: "api_error", title: "Storage failed" },
  overloaded: { status: 503, type: "api_error", title: "Overloaded" },
} as const satisfies Record<string, { status: number; type: string; title: string }>;

export type ErrorCode = keyof typeof errorCodes;

/** One field that failed validation; `param` is a dotted path such as `limits.requests_per_day`. */
export interface FieldError {
  param: string;
  message: string;
}

export interface ErrorOptions {
  /** The field or parameter at fault. */
  param?: string;
  /** Every field at fault, for a 422. */
  fields?: FieldError[];
  /** Whole seconds; becomes `Retry-After` and `retry_after`. */
  retryAfterSeconds?: number;
  /** With a 429 of a window: how many requests it allows. */
  limit?: number;
  /** The scope that was missing; becomes `scope="…"` in `WWW-Authenticate` (RFC 6750 section 3.1). */
  scope?: string;
  /** With a 402: which limit, what is left of it and what was asked, in USD. */
  shortage?: { of: string; left: number; asked: number };
  /** Headers this error brings, such as `Allow` or the state of the rate limits. */
  headers?: Record<string, string>;
  /** Where a person can do something about it. */
  actionUrl?: string;
  /** What really happened: for the log, never for the caller. */
  cause?: unknown;
}

/** The one error type that reaches a caller: a stable code, a public message, a private cause. */
export class DomainError extends Error {
  override readonly name = "DomainError";

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly options: ErrorOptions = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
  }

  get status(): number {
    return errorCodes[this.code].status;
  }
}

/** The same 404 for what is missing and for what belongs to another tenant. */
export function notFound(what: string): DomainError {
  return new DomainError("not_found", `No such ${what}.`);
}

/** A 422 for one field. */
export function invalidField(param: string, message: string): DomainError {
  return new DomainError("validation_failed", message, { param, fields: [{ param, message }] });
}
