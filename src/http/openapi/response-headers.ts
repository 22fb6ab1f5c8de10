import { sessionCookie } from "../../sessions/session-cookie.ts";

/** The headers of answers. `RateLimit*` are those of section 5 of the IETF draft they come from. */
export const responseHeaders = {
  "X-Request-Id": header("The id of this request, which the log has too.", "req_4f1c09ab2e0000001"),
  "Cache-Control": header("What a caller gets to know is never stored.", "no-store"),
  "X-RateLimit-Limit": header(
    "Requests in the window that is nearest to its end of quota. A key without limits has none of these headers.",
    60,
  ),
  "X-RateLimit-Remaining": header("Requests left in that window.", 59),
  "X-RateLimit-Reset": header("When that window ends, in Unix seconds.", 1_795_253_460),
  "X-RateLimit-Window": header("Length of that window in seconds.", 60),
  RateLimit: header(
    "What is left of each window: r requests, and t seconds to its end.",
    '"minute";r=59;t=32, "day";r=999;t=52232',
  ),
  "RateLimit-Policy": header(
    "The limits of the key: q requests in w seconds.",
    '"minute";q=60;w=60, "day";q=1000;w=86400',
  ),
  "X-Credits-Remaining": amountHeader(
    "What the organization of the key can still spend, in USD, once there were credits; about money, the organization that the call is about.",
    "99.998",
  ),
  "X-Credits-Charged": amountHeader(
    "What the call cost, in USD; absent when it cost nothing. A stored answer says what its charge cost, which was made once.",
    "0.002",
  ),
  "Retry-After": header("Whole seconds to wait before the next try.", 32),
  "WWW-Authenticate": header(
    "How to authenticate, and what was wrong with the credential (RFC 6750 section 3).",
    'Bearer realm="tollgate", error="invalid_token", error_description="The key is not valid"',
  ),
  "Idempotency-Replayed": header(
    "`true` when this is the stored answer to an earlier request with the same Idempotency-Key.",
    "true",
  ),
  "Set-Cookie": header(
    "The cookie of a session that begins here, or one that is empty and takes it back.",
    sessionCookie("0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0", 604_800),
  ),
};

export type HeaderName = keyof typeof responseHeaders;

/** The state of the key's limits and credits, which every answer to a good key has. */
export const limitHeaders = [
  "X-RateLimit-Limit",
  "X-RateLimit-Remaining",
  "X-RateLimit-Reset",
  "X-RateLimit-Window",
  "RateLimit",
  "RateLimit-Policy",
  "X-Credits-Remaining",
] as const;

/** The state of the address's limit, which every other answer has in some dialects. */
export const addressLimitHeaders = [
  "X-RateLimit-Limit",
  "X-RateLimit-Remaining",
  "X-RateLimit-Reset",
  "X-RateLimit-Window",
] as const;

/** References to the headers, by name. */
export function headerReferences(names: readonly HeaderName[]) {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));
}

/** An amount in USD with six decimals at most, as text: a float would show digits that there are not. */
function amountHeader(description: string, example: string) {
  return { description, schema: { type: "string", pattern: "^[0-9]+(\\.[0-9]{1,6})?$" }, example };
}

function header(description: string, example: string | number) {
  const type = typeof example === "number" ? "integer" : "string";
  return { description, schema: { type }, example };
}
