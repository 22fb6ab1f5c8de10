import type { Dialect } from "../../dialects/dialect.ts";
import { aliasRows } from "../aliases.ts";

interface Operation {
  operationId: string;
  summary: string | undefined;
}

/** The paths that a dialect has more, each described as the one that it leads to. */
export function aliasPaths<T extends Operation>(
  paths: Record<string, Record<string, T>>,
  dialect: Pick<Dialect, "aliases">,
): Record<string, Record<string, T>> {
  const more: Record<string, Record<string, T>> = {};
  for (const { route, of, alias } of aliasRows(dialect)) {
    const [method, path] = described(route);
    const [, ofPath] = described(of);
    const operation = paths[ofPath]?.[method];
    if (operation === undefined) throw new Error(`${of} is not described`);
    more[path] = {
      ...more[path],
      [method]: {
        ...operation,
        operationId: operation.operationId + alias.operationSuffix,
        summary: `${operation.summary} (alias)`,
      },
    };
  }
  return more;
}

/** `GET /a/:id` as method and path of the document. */
function described(route: string): [string, string] {
  const [method = "", path = ""] = route.split(" ");
  return [method.toLowerCase(), path.replaceAll(/:(\w+)/g, "{$1}")];
}
