import { type DialectName, defaultDialectName } from "../dialects/index.ts";

/** Where the committed document of a dialect lies; the default's has no name in it. */
export function documentPathOf(name: DialectName): string {
  return name === defaultDialectName ? "openapi/openapi.json" : `openapi/openapi.${name}.json`;
}
