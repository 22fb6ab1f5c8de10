import type { Dialect, PathAlias } from "../dialects/dialect.ts";
import { matches, segmentsOf } from "./allowed-methods.ts";
import type { ClientAddresses } from "./client-address.ts";
import { shareRequestId } from "./request-id.ts";
import { pathOf } from "./request-path.ts";
import { type RouteAccess, routeAccess } from "./route-access.ts";

type Fetch = (request: Request) => Response | Promise<Response>;

/** The rows of the access table that a dialect has more: each is the row of the route it leads to. */
export function aliasRows({ aliases = [] }: Pick<Dialect, "aliases">): AliasRow[] {
  return aliases.flatMap((alias) =>
    Object.entries(routeAccess).flatMap(([of, access]) => {
      const route = of.replace(` ${alias.of}/`, ` ${alias.at}/`);
      const isNew = route !== of && !(route in routeAccess);
      return isNew && access.kind === "data" ? [{ route, of, access, alias }] : [];
    }),
  );
}

export interface AliasRow {
  /** Such as `GET /api/v1/permissions`. */
  route: string;
  /** Such as `GET /v1/permissions`. */
  of: string;
  access: RouteAccess;
  alias: PathAlias;
}

/**
 * Answers the other paths of data-plane routes: the request goes on under the path that the route has, so
 * it meets the same rules. Everything else, and a dialect without aliases, passes as it is.
 */
export function answeringAliases(
  fetch: Fetch,
  { dialect, addresses }: { dialect: Pick<Dialect, "aliases">; addresses: ClientAddresses },
): Fetch {
  const rows = aliasRows(dialect).map(({ route, alias }) => {
    const [, pattern = ""] = route.split(" ");
    return { alias, segments: pattern.split("/") };
  });
  if (rows.length === 0) return fetch;
  return (request) => {
    const asked = segmentsOf(pathOf(request));
    const row = rows.find(({ segments }) => matches(segments, asked));
    return fetch(row === undefined ? request : renamed(request, row.alias));
  };

  function renamed(original: Request, { at, of }: PathAlias): Request {
    const { url } = original;
    const start = url.indexOf("/", url.indexOf("//") + 2);
    const target = url.slice(0, start) + of + url.slice(start + at.length);
    const request = new Request(target, original);
    shareRequestId(request, original);
    return addresses.derive(request, original);
  }
}
