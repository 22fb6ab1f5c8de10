import type { Dialect } from "../../dialects/dialect.ts";
import type { RouteAccess } from "../route-access.ts";
import { chargeMark } from "./charge-mark.ts";
import { idempotentMark } from "./idempotency-key.ts";
import type { RawOperation } from "./raw-document.ts";
import { addressLimitHeaders, type HeaderName, limitHeaders } from "./response-headers.ts";

/** The operations by which somebody comes in or leaves. */
const cookieOperations: readonly string[] = ["logIn", "logOut", "useLink", "changePassword"];

/**
 * The headers that an operation's success can have. `path` is the method and the path. The probes of
 * supervisors, which anybody may ask, tell nothing that a cache must not keep.
 */
export function successHeaders(
  raw: RawOperation,
  path: string,
  of: { access: RouteAccess; dialect: Pick<Dialect, "limitHeadersEverywhere"> },
) {
  const { kind } = of.access;
  const isProbe = kind === "public" && path.startsWith("GET ");
  const isCounted = kind === "data" || kind === "management";
  const names: HeaderName[] = ["X-Request-Id"];
  if (!isProbe) names.push("Cache-Control");
  if (isCounted) names.push(...limitHeaders);
  else if (of.dialect.limitHeadersEverywhere === true) names.push(...addressLimitHeaders);
  if (raw[chargeMark] === true) names.push("X-Credits-Charged");
  if (raw[idempotentMark] === true) names.push("Idempotency-Replayed");
  if (cookieOperations.includes(raw.operationId)) names.push("Set-Cookie");
  return names;
}
