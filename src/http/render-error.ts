import { type DomainError, errorCodes } from "../core/errors.ts";
import { requestIdOf } from "./request-id.ts";

const realm = 'Bearer realm="tollgate"';
/** An absolute URI that names the problem; it does not have to lead anywhere (RFC 9457 section 3.1.1). */
const problemTypeBase = "urn:tollgate:error:";

/**
 * The response for an error: the standard shape, or RFC 9457 for those who ask for it. `answerHeaders`
 * were set before it happened, such as the state of the key's limits.
 */
export function renderError(
  error: DomainError,
  request: Request,
  answerHeaders: Readonly<Record<string, unknown>> = {},
): Response {
  const { status } = errorCodes[error.code];
  const isProblem = wantsProblem(request);
  const headers = new Headers({
    "content-type": isProblem ? "application/problem+json" : "application/json",
    "cache-control": "no-store",
    "x-request-id": requestIdOf(request),
    ...error.options.headers,
  });
  for (const [name, value] of Object.entries(answerHeaders)) {
    if (!headers.has(name)) headers.set(name, String(value));
  }
  const { retryAfterSeconds } = error.options;
  if (retryAfterSeconds !== undefined) headers.set("retry-after", String(retryAfterSeconds));
  const challenge = challengeFor(error);
  if (challenge !== undefined) headers.set("www-authenticate", challenge);
  const body = isProblem ? problemBody(error, request) : standardBody(error, request);
  return new Response(JSON.stringify(body), { status, headers });
}

/** Every 401 has a challenge (RFC 9110 section 15.5.2), without an error code when no key was sent. */
function challengeFor(error: DomainError): string | undefined {
  switch (error.code) {
    case "missing_api_key":
    case "missing_credentials":
    case "invalid_session":
    case "login_failed":
      return realm;
    case "invalid_api_key":
      return `${realm}, error="invalid_token", error_description="The key is not valid"`;
    case "invalid_request":
      return `${realm}, error="invalid_request"`;
    case "insufficient_scope":
      return `${realm}, error="insufficient_scope"${scopeAttribute(error.options.scope)}`;
    default:
      return undefined;
  }
}

/** RFC 6750 section 3: the attribute holds scope-tokens and nothing else. */
function scopeAttribute(scope: string | undefined): string {
  return scope !== undefined && /^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope)
    ? `, scope="${scope}"`
    : "";
}

function standardBody(error: DomainError, request: Request) {
  const { fields, param, retryAfterSeconds, actionUrl, shortage } = error.options;
  return {
    error: {
      type: errorCodes[error.code].type,
      code: error.code,
      message: error.message,
      param: param ?? fields?.[0]?.param ?? null,
      request_id: requestIdOf(request),
      ...(retryAfterSeconds === undefined ? {} : { retry_after: retryAfterSeconds }),
      ...(actionUrl === undefined ? {} : { action_url: actionUrl }),
      ...(fields === undefined ? {} : { details: fields }),
      ...(shortage === undefined ? {} : { shortage }),
    },
  };
}

function problemBody(error: DomainError, request: Request) {
  const { type: _, ...standard } = standardBody(error, request).error;
  const { message: detail, ...members } = standard;
  const { status, title } = errorCodes[error.code];
  return { type: problemTypeBase + error.code, title, status, detail, ...members };
}

/**
 * Problem details are for those who would rather have them than the standard shape (RFC 9110 section
 * 12.5.1). A client that takes both alike, as generated ones do, gets the shape it was generated for.
 */
function wantsProblem(request: Request): boolean {
  const accept = request.headers.get("accept");
  if (accept === null || !accept.includes("problem+json")) return false;
  return weightOf(accept, "application/problem+json") > weightOf(accept, "application/json");
}

/** The weight that an `Accept` header gives to a media type by name; 0 when it does not name it. */
function weightOf(accept: string, type: string): number {
  for (const range of accept.split(",")) {
    const [name = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
    if (name !== type) continue;
    const weight = parameters.find((parameter) => parameter.startsWith("q="));
    return weight === undefined ? 1 : Number(weight.slice(2)) || 0;
  }
  return 0;
}
