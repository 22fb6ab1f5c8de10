/**
 * `__Host-` makes browsers refuse the cookie unless it is Secure, for this host alone and for every
 * path (RFC 6265bis section 4.1.3.2), so that neither a sibling domain nor plain HTTP can set it.
 */
export const sessionCookieName = "__Host-tollgate_session";

const attributes = "Path=/; Secure; HttpOnly; SameSite=Strict";

/** The `Set-Cookie` value that hands a session to the browser. */
export function sessionCookie(token: string, maxAgeSeconds: number): string {
  return `${sessionCookieName}=${token}; Max-Age=${maxAgeSeconds}; ${attributes}`;
}

/** The one that takes it back. */
export const clearedSessionCookie = `${sessionCookieName}=; Max-Age=0; ${attributes}`;

/** The session's token that a request carries; undefined when it has no such cookie. */
export function readSessionCookie(request: Request): string | undefined {
  const header = request.headers.get("cookie");
  if (header === null) return undefined;
  for (const pair of header.split(";")) {
    const [name, value] = pair.trim().split("=", 2);
    if (name === sessionCookieName && value !== undefined && value !== "") return value;
  }
  return undefined;
}
