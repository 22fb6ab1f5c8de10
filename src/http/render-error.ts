import type { Config } from "../config/schema.ts";
import { DomainError, errorCodes } from "../core/errors.ts";
import type { Dialect, ErrorStyle } from "../dialects/dialect.ts";
import { standardErrors } from "../dialects/standard.ts";
import { publicUrl } from "./public-url.ts";
import { requestIdOf } from "./request-id.ts";
import { hasOrigin } from "./request-path.ts";

const realm = 'Bearer realm="tollgate"';
/** An absolute URI that names the problem; it does not have to lead anywhere (RFC 9457 section 3.1.1). */
const problemTypeBase = "urn:tollgate:error:";

/**
 * The response for an error: the dialect's shape, or RFC 9457 for those who ask for it. `answerHeaders`
 * were set before it happened, such as the state of the key's limits.
 */
export type RenderError = (
  error: DomainError,
  request: Request,
  answerHeaders?: Readonly<Record<string, unknown>>,
) => Response;

/** Makes responses of errors in one dialect. */
export function errorRenderer(
  { errors }: Pick<Dialect, "errors">,
  config: Pick<Config, "billingUrl" | "publicUrl">,
): RenderError {
  const billingUrl = config.billingUrl === "" ? undefined : config.billingUrl;
  const bodyOf = (error: DomainError, request: Request) =>
    errors.body(error, {
      requestId: requestIdOf(request),
      billingUrl,
      docsUrl: () => docsUrlOf(config, request),
    });
  return (met, request, answerHeaders = {}) => {
    const error = asSaid(met, errors);
    const isProblem = wantsProblem(request);
    const body = isProblem ? problemBody(error, requestIdOf(request)) : bodyOf(error, request);
    const headers = headersOf(error, { request, isProblem, answerHeaders });
    return new Response(JSON.stringify(body), { status: error.status, headers });
  };
}

/** The error as the dialect tells it, which can be as another one. */
export function asSaid(error: DomainError, { saidAs }: Pick<ErrorStyle, "saidAs">): DomainError {
  const code = saidAs?.[error.code];
  return code === undefined ? error : new DomainError(code, error.message, error.options);
}

function headersOf(
  error: DomainError,
  answer: {
    request: Request;
    isProblem: boolean;
    answerHeaders: Readonly<Record<string, unknown>>;
  },
): Headers {
  const { request, isProblem, answerHeaders } = answer;
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
  return headers;
}

/** A path alone where the Host header makes no origin. */
function docsUrlOf(config: Pick<Config, "publicUrl">, request: Request): string {
  const isPlaceKnown = config.publicUrl !== "" || hasOrigin(request);
  return isPlaceKnown ? `${publicUrl(config, request)}/docs` : "/docs";
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
    case "malformed_authorization":
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

/** An error as problem details: the standard members, under the names of RFC 9457. */
export function problemBody(error: DomainError, requestId: string) {
  const { type: _, ...standard } = standardErrors.body(error, { requestId }).error;
  const { message: detail, ...members } = standard;
  const { status, title } = errorCodes[error.code];
  return { type: problemTypeBase + error.code, title, status, detail, ...members };
}

/**
 * Problem details are for those who would rather have them than the standard shape (RFC 9110 section
 * 12.5.1). A client that takes both alike, as generated ones do, gets the shape it was generated for.
 */
function wantsProblem(request: Request): boolean {
  const accept = request.headers.get("accept")?.toLowerCase();
  if (accept === undefined || !accept.includes("problem+json")) return false;
  return weightOf(accept, "application/problem+json") > weightOf(accept, "application/json");
}

/** The weight that an `Accept` header, in lower case, gives to a media type by name; 0 when it does not name it. */
function weightOf(accept: string, type: string): number {
  for (const range of accept.split(",")) {
    const [name = "", ...parameters] = range.split(";").map((part) => part.trim());
    if (name !== type) continue;
    const weight = parameters.find((parameter) => parameter.startsWith("q="));
    return weight === undefined ? 1 : Number(weight.slice(2)) || 0;
  }
  return 0;
}
