import { DomainError, invalidField } from "../core/errors.ts";

/** The path of a request as it was sent, without the query. It never throws. */
export function pathOf(request: Request): string {
  const { url } = request;
  const start = url.startsWith("http") ? url.indexOf("/", url.indexOf("//") + 2) : 0;
  const query = url.indexOf("?", start);
  return query === -1 ? url.slice(start) : url.slice(start, query);
}

/**
 * False when the Host header made no URL. Bun then gives the bare target as the URL, and a router that
 * expects an origin before the path would cut the path wrongly.
 */
export function hasOrigin(request: Request): boolean {
  return request.url.startsWith("http");
}

/** The answer to such a request. */
export function badHost(): DomainError {
  return new DomainError("invalid_request", "The Host header is missing or malformed.");
}

/** Throws 422 for a parameter that is given twice: two readers could each take another one. */
export function refuseRepeatedParameters(request: Request): void {
  const query = request.url.indexOf("?");
  if (query === -1) return;
  const seen = new Set<string>();
  for (const name of new URLSearchParams(request.url.slice(query)).keys()) {
    if (seen.has(name)) throw invalidField(name, "Give this parameter once.");
    seen.add(name);
  }
}
