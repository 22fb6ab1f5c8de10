import { version } from "../../core/version.ts";
import type { Dialect } from "../../dialects/dialect.ts";
import { sessionCookieName } from "../../sessions/session-cookie.ts";
import { aliasPaths } from "./alias-paths.ts";
import { ComponentSchemas } from "./component-schemas.ts";
import { errorResponses } from "./error-responses.ts";
import { idempotencyKeyParameter } from "./idempotency-key.ts";
import { normalizeOperation } from "./normalize-operation.ts";
import { organizationParameter } from "./organization-header.ts";
import type { RawDocument } from "./raw-document.ts";
import { responseHeaders } from "./response-headers.ts";

/**
 * Makes a valid OpenAPI 3.0.3 document of what the plugin emits, which is not one: no descriptions,
 * three media types for everything, JSON Schema words that 3.0.3 does not have, no errors. Throws
 * for what it does not understand, so that a route never gets in half described.
 */
export function normalizeDocument(raw: RawDocument, dialect: Dialect) {
  const schemas = new ComponentSchemas(dialect.scopeWords);
  const responses = errorResponses(schemas, dialect);
  const paths = mapValues(raw.paths, (operations, path) =>
    mapValues(operations, (operation, method) =>
      normalizeOperation(operation, `${method.toUpperCase()} ${path}`, { schemas, dialect }),
    ),
  );
  return {
    openapi: "3.0.3",
    info: { ...info, description: [info.description, ...sentencesOf(dialect)].join("\n\n") },
    servers: [{ url: "/", description: "The server this document came from." }],
    tags: requireTags(raw),
    paths: { ...paths, ...aliasPaths(paths, dialect) },
    components: {
      securitySchemes: { bearerAuth: bearerAuth(dialect), sessionCookie },
      parameters: {
        IdempotencyKey: idempotencyKeyParameter,
        OrganizationHeader: organizationParameter,
      },
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

function bearerAuth({ prefixes: { workspace, management } }: Dialect) {
  return {
    type: "http",
    scheme: "bearer",
    description: `The secret of a key. \`/key\` and the rest of the data plane take any key but a management key (\`${workspace.live}…\`); the management API takes a management key (\`${management.live}…\`) that holds the scope which the operation names.`,
  };
}

const sessionCookie = {
  type: "apiKey",
  in: "cookie",
  name: sessionCookieName,
  description:
    "A person's session, which `POST /auth/login` begins. Browsers send it by themselves, so Swagger UI needs nothing more.",
};

const tags = [
  { name: "Presented key", description: "What a key may do and what is left of its limits." },
  { name: "Verification", description: "The API behind asks whether a key may do something." },
  { name: "Keys", description: "Issue, change, rotate and revoke keys." },
  { name: "Permissions", description: "What a key may do with skills, and why." },
  { name: "Runtimes", description: "Instances that register themselves with a key." },
  { name: "Organizations", description: "Who pays." },
  { name: "Members", description: "Who belongs to an organization, and who is invited." },
  { name: "Workspaces", description: "Where keys and hats live." },
  { name: "Teams", description: "Members who wear hats together." },
  { name: "Hats", description: "Named groups of skills, and who wears them." },
  { name: "Sessions", description: "People log in and out." },
  { name: "Users", description: "Everybody with a login, for the operator." },
  { name: "Credits", description: "What organizations have, spend and hold." },
  { name: "Prices", description: "What a request of a skill and the tokens of a model cost." },
  { name: "Usage", description: "What was used, by whom, when and what for." },
  { name: "Recharges", description: "Asking for credits before they run out." },
  { name: "Webhooks", description: "Where events go, and whether they arrived." },
  { name: "Plans", description: "Named limits that keys and organizations share." },
  { name: "Audit log", description: "Who changed what, when and from where." },
  { name: "System", description: "Health and figures." },
];

/** What a client of the dialect has to know beyond the standard. */
function sentencesOf(dialect: Dialect): string[] {
  const { envelope, limitHeadersEverywhere, scopeWords } = dialect;
  return [
    ...(envelope === undefined ? [] : [envelope.description]),
    ...(limitHeadersEverywhere === true
      ? ["Every answer has the headers `X-RateLimit-*`: without a key, those of the address."]
      : []),
    ...(scopeWords === undefined ? [] : [scopeWords.description]),
  ];
}

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
