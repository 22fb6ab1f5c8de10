import { DomainError } from "../core/errors.ts";

const safeMethods = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Throws 403 for an unsafe request that a page of another site made the browser send (OWASP ASVS 5,
 * section 3.5). Browsers say so in `Sec-Fetch-Site`; older ones send an `Origin` at least. A request
 * with neither comes from no page: a program that holds the cookie may use it.
 */
export function refuseCrossSite(request: Request): void {
  if (safeMethods.has(request.method)) return;
  const site = request.headers.get("sec-fetch-site");
  if (site !== null) {
    if (site === "same-origin" || site === "none") return;
    throw crossSite();
  }
  const origin = request.headers.get("origin");
  if (origin !== null && hostOf(origin) !== request.headers.get("host")) throw crossSite();
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

function crossSite(): DomainError {
  return new DomainError("cross_site_request", "A page of another site may not make this call.");
}
