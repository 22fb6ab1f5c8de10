import type { Dialect, Envelope } from "../../dialects/dialect.ts";
import { isEnveloped } from "../enveloping.ts";
import { type RouteAccess, routeAccess } from "../route-access.ts";
import type { ComponentSchemas } from "./component-schemas.ts";
import { errorReferences, errorStatuses } from "./error-responses.ts";
import { idempotencyKeyReference, idempotentMark } from "./idempotency-key.ts";
import { normalizeParameters, normalizeRequestBody } from "./normalize-request.ts";
import { normalizeSuccesses } from "./normalize-successes.ts";
import { organizationReference } from "./organization-header.ts";
import type { RawOperation } from "./raw-document.ts";
import { successHeaders } from "./success-headers.ts";

/** One operation. `path` is the method and the path, such as `PATCH /api-keys/{id}`. */
export function normalizeOperation(
  raw: RawOperation,
  path: string,
  { schemas, dialect }: { schemas: ComponentSchemas; dialect: Dialect },
) {
  const access = accessOf(path);
  const isOfOrganization = takesOrganization(access, path);
  const own = normalizeParameters(raw, schemas);
  const parameters = [
    ...own,
    ...(raw[idempotentMark] === true ? [idempotencyKeyReference] : []),
    ...(isOfOrganization ? [organizationReference] : []),
  ];
  const requestBody = normalizeRequestBody(raw, schemas);
  const statuses = errorStatuses({
    access,
    declared: Object.keys(raw.responses ?? {}).map(Number),
    namesThings: isOfOrganization || own.some((parameter) => parameter.in === "path"),
    hasInput: parameters.length > 0 || requestBody !== undefined,
    readsBody: /^(?:POST|PUT|PATCH) /.test(path),
  });
  return {
    operationId: raw.operationId,
    tags: raw.tags,
    summary: raw.summary,
    description: [raw.description, sentenceOf(access)].filter(Boolean).join("\n\n"),
    security: securityOf(access),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(requestBody === undefined ? {} : { requestBody }),
    responses: {
      ...normalizeSuccesses(raw, {
        headers: successHeaders(raw, path, { access, dialect }),
        schemas,
        envelope: envelopeOf(path, dialect),
      }),
      ...errorReferences(statuses),
    },
  };
}

/** What wraps the successes of the operation, where something does. */
function envelopeOf(operation: string, { envelope }: Dialect): Envelope | undefined {
  const route = operation.replaceAll(/\{(\w+)\}/g, ":$1");
  const [, path = ""] = route.split(" ");
  return envelope !== undefined && isEnveloped(route, path, envelope) ? envelope : undefined;
}

/** The row of the access table; a route without one answers nobody, so it is not described either. */
function accessOf(path: string): RouteAccess {
  const access = routeAccess[path.replaceAll(/\{(\w+)\}/g, ":$1")];
  if (access === undefined) throw new Error(`There is no row for ${path} in the access table`);
  return access;
}

function securityOf({ kind }: RouteAccess) {
  const key = { bearerAuth: [] };
  const session = { sessionCookie: [] };
  return { public: [], data: [key], session: [session], management: [key, session] }[kind];
}

/** Calls of a person or an operator's key, unless the path or the whole instance says which one. */
function takesOrganization(access: RouteAccess, path: string): boolean {
  if (access.kind !== "management" || access.role === "operator") return false;
  return !path.includes(" /organizations/{id}") && access.anyOrganization !== true;
}

function sentenceOf(access: RouteAccess): string | undefined {
  switch (access.kind) {
    case "public":
      return undefined;
    case "data":
      return "Takes any key but a management key.";
    case "session":
      return "Takes a session.";
    case "management":
      return access.role === "operator"
        ? `Takes the operator's management key with the scope \`${access.scope}\`, or the session of an operator.`
        : `Takes a management key with the scope \`${access.scope}\`, or a session with the role \`${access.role}\` or a higher one.`;
  }
}
