import { version } from "../../core/version.ts";
import { ComponentSchemas } from "./component-schemas.ts";
import { errorResponses } from "./error-responses.ts";
import { idempotencyKeyParameter } from "./idempotency-key.ts";
import { normalizeOperation } from "./normalize-operation.ts";
import type { RawDocument } from "./raw-document.ts";
import { responseHeaders } from "./response-headers.ts";

/**
 * Makes a valid OpenAPI 3.0.3 document of what the plugin emits, which is not one: no descriptions,
 * three media types for everything, JSON Schema words that 3.0.3 does not have, no errors. Throws
 * for what it does not understand, so that a route never gets in half described.
 */
export function normalizeDocument(raw: RawDocument) {
  const schemas = new ComponentSchemas();
  const responses = errorResponses(schemas);
  const paths = mapValues(raw.paths, (operations, path) =>
    mapValues(operations, (operation, method) =>
      normalizeOperation(operation, `${method.toUpperCase()} ${path}`, schemas),
    ),
  );
  return {
    openapi: "3.0.3",
    info,
    servers: [{ url: "/", description: "The server this document came from." }],
    tags: requireTags(raw),
    paths,
    components: {
      securitySchemes: { bearerAuth },
      parameters: { IdempotencyKey: idempotencyKeyParameter },
      headers: responseHeaders,
      responses,
      schemas: schemas.sorted(),
    },
  };
}

const info = {
  title: "Tollgate",
  version,
  description:
    "Issues API keys, verifies them, limits them and revokes them.\n\n" +
    "Times are RFC 3339 in UTC. Lists come in pages: pass `next_cursor` as `cursor` until it is null. " +
    "Requests are refused when they hold a field that is not known; answers may gain fields, so read past those you do not know. " +
    "Every error has the shape `Error`, or `Problem` (RFC 9457) when the request says `Accept: application/problem+json`. " +
    "Every answer has an `X-Request-Id`; quote it when you ask for help.",
  license: { name: "MIT", url: "https://opensource.org/license/mit" },
};

const bearerAuth = {
  type: "http",
  scheme: "bearer",
  description:
    "The secret of a key. `/key` takes any key but a management key (`sk_live_…`); everything else takes a management key (`mk_…`) that holds the scope which the operation names.",
};

const tags = [
  { name: "Presented key", description: "What a key may do and what is left of its limits." },
  { name: "Verification", description: "The API behind asks whether a key may do something." },
  { name: "Keys", description: "Issue, change, rotate and revoke keys." },
  { name: "Plans", description: "Named limits that keys and organizations share." },
  { name: "Audit log", description: "Who changed what, when and from where." },
  { name: "System", description: "Health and figures." },
];

/** The tags, once every operation is known to have a summary and a tag that is described. */
function requireTags(raw: RawDocument) {
  for (const operation of Object.values(raw.paths).flatMap((item) => Object.values(item))) {
    const isKnown = operation.tags?.every((name) => tags.some((tag) => tag.name === name));
    if (!isKnown || operation.summary === undefined) {
      throw new Error(`${operation.operationId} needs a summary and a tag that is described`);
    }
  }
  return tags;
}

function mapValues<From, To>(record: Record<string, From>, map: (value: From, key: string) => To) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value, key)]));
}
