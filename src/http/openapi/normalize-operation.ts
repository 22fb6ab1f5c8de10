import type { RouteAccess } from "../route-access.ts";
import { routeAccess } from "../route-access.ts";
import type { ComponentSchemas } from "./component-schemas.ts";
import { errorReferences, errorStatuses } from "./error-responses.ts";
import { exampleOf } from "./example.ts";
import { idempotencyKeyReference } from "./idempotency-key.ts";
import {
  idempotentMark,
  type RawOperation,
  type RawParameter,
  type RawResponse,
  type RawSchema,
} from "./raw-document.ts";
import { headerReferences, limitHeaders } from "./response-headers.ts";

/** One operation. `path` is the method and the path, such as `PATCH /api-keys/{id}`. */
export function normalizeOperation(raw: RawOperation, path: string, schemas: ComponentSchemas) {
  const access = accessOf(path);
  const isIdempotent = raw[idempotentMark] === true;
  const parameters = (raw.parameters ?? []).map((one) => normalizeParameter(one, schemas));
  const body = raw.requestBody?.content["application/json"]?.schema;
  const statuses = errorStatuses({
    access,
    declared: Object.keys(raw.responses ?? {}).map(Number),
    hasPathParameter: parameters.some((parameter) => parameter.in === "path"),
    hasInput: parameters.length > 0 || body !== undefined,
    hasBody: body !== undefined,
  });
  return {
    operationId: raw.operationId,
    tags: raw.tags,
    summary: raw.summary,
    description: [raw.description, sentenceOf(access)].filter(Boolean).join("\n\n"),
    security: access.kind === "public" ? [] : [{ bearerAuth: [] }],
    ...(isIdempotent || parameters.length > 0
      ? { parameters: [...parameters, ...(isIdempotent ? [idempotencyKeyReference] : [])] }
      : {}),
    ...(body === undefined
      ? {}
      : {
          requestBody: {
            required: isRequired(body),
            content: {
              "application/json": {
                schema: schemas.refer(body, "request"),
                example: exampleOf(body),
              },
            },
          },
        }),
    responses: {
      ...successes(raw, { access, isIdempotent, schemas }),
      ...errorReferences(statuses),
    },
  };
}

/** The row of the access table; a route without one answers nobody, so it is not described either. */
function accessOf(path: string): RouteAccess {
  const access = routeAccess[path.replaceAll(/\{(\w+)\}/g, ":$1")];
  if (access === undefined) throw new Error(`There is no row for ${path} in the access table`);
  return access;
}

function sentenceOf(access: RouteAccess): string | undefined {
  switch (access.kind) {
    case "public":
      return undefined;
    case "data":
      return "Takes any key but a management key.";
    case "management":
      return access.instanceWide
        ? `Takes the operator's management key with the scope \`${access.scope}\`.`
        : `Takes a management key with the scope \`${access.scope}\`.`;
  }
}

function normalizeParameter(raw: RawParameter, schemas: ComponentSchemas) {
  const { name, description, examples } = raw;
  if (description === undefined || examples === undefined) {
    throw new Error(`The parameter ${name} needs a description and an example`);
  }
  return {
    name,
    in: raw.in,
    description,
    required: raw.required,
    schema: schemas.refer(raw.schema, "request"),
    example: examples[0],
  };
}

/** A body whose fields are all optional may be left out: no body is read as `{}`. */
function isRequired(body: RawSchema): boolean {
  return body["required"] !== undefined || body["minProperties"] !== undefined;
}

function successes(
  { responses = {}, operationId }: RawOperation,
  options: { access: RouteAccess; isIdempotent: boolean; schemas: ComponentSchemas },
) {
  const { access, isIdempotent, schemas } = options;
  const headers = headerReferences([
    "X-Request-Id",
    ...(access.kind === "public" ? [] : (["Cache-Control", ...limitHeaders] as const)),
    ...(isIdempotent ? (["Idempotency-Replayed"] as const) : []),
  ]);
  const entries = Object.entries(responses).filter(([status]) => Number(status) < 400);
  if (entries.length === 0) throw new Error(`${operationId} has no success`);
  return Object.fromEntries(
    entries.map(([status, response]) => {
      const { description = "" } = response;
      if (description === "")
        throw new Error(`${operationId} needs a description of its ${status}`);
      return [status, { description, headers, ...contentOf(response, schemas) }];
    }),
  );
}

/** Text is text and everything else is JSON. The plugin's title and examples go back to the schema. */
function contentOf({ content, ...moved }: RawResponse, schemas: ComponentSchemas) {
  const media = content?.["application/json"];
  if (media === undefined) return {};
  const schema = { ...media.schema, ...moved };
  const type = media.schema["type"] === "string" ? "text/plain" : "application/json";
  return {
    content: { [type]: { schema: schemas.refer(schema, "response"), example: exampleOf(schema) } },
  };
}
