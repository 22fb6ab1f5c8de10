import { resolve } from "node:path";
import Ajv, { type ValidateFunction } from "ajv";
import addFormats from "ajv-formats";

type Json = Record<string, unknown>;

export interface MediaType {
  schema: Json;
  example?: unknown;
  examples?: Record<string, { value: unknown }>;
}

export interface DescribedResponse {
  $ref?: string;
  description: string;
  headers?: Record<string, unknown>;
  content?: Record<string, MediaType>;
}

export interface Parameter {
  $ref?: string;
  name: string;
  in: "path" | "query" | "header";
  required: boolean;
  schema: Json;
  example: unknown;
}

export interface Operation {
  operationId: string;
  tags: string[];
  summary: string;
  description: string;
  security: Json[];
  parameters?: Parameter[];
  requestBody?: { required: boolean; content: Record<string, MediaType> };
  responses: Record<string, DescribedResponse>;
}

export interface DescribedOperation extends Operation {
  /** In capitals. */
  method: string;
  /** As in the document, `/api-keys/{id}`. */
  path: string;
  /** As in the access table, `GET /api-keys/:id`. */
  route: string;
}

interface Document {
  tags: { name: string; description: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: Record<string, Record<string, unknown>> & {
    securitySchemes: Record<string, { name: string }>;
  };
}

export const documentPath = resolve("openapi/openapi.json");

/** A document with its references followed, and its schemas ready to hold values against. */
export async function readDocument(path: string) {
  const document: Document = await Bun.file(path).json();
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormats(ajv);
  const components = toJsonSchema(document.components);
  const validators = new Map<string, ValidateFunction>();

  function follow<T extends { $ref?: string }>(one: T): T {
    if (one.$ref === undefined) return one;
    const [, , kind = "", name = ""] = one.$ref.split("/");
    return document.components[kind]?.[name] as T;
  }

  /** Every operation of the document, its references to parameters and responses followed. */
  const operations: DescribedOperation[] = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([name, operation]) => {
      const method = name.toUpperCase();
      return {
        ...operation,
        parameters: operation.parameters?.map(follow) ?? [],
        responses: Object.fromEntries(
          Object.entries(operation.responses).map(([status, one]) => [status, follow(one)]),
        ),
        method,
        path,
        route: `${method} ${path.replaceAll(/\{(\w+)\}/g, ":$1")}`,
      };
    }),
  );

  /** What is wrong with the value by a schema of the document; nothing when it fits. */
  function faultsOf(value: unknown, schema: Json): string[] {
    const text = JSON.stringify(schema);
    const isValid =
      validators.get(text) ?? ajv.compile({ ...(toJsonSchema(schema) as Json), components });
    validators.set(text, isValid);
    if (isValid(value)) return [];
    return (isValid.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  }

  return { document, operations, faultsOf };
}

export const { document, operations, faultsOf } = await readDocument(documentPath);

/** The cookie that is a session. */
export const sessionCookieName = document.components.securitySchemes["sessionCookie"]?.name;

export function operation(id: string): DescribedOperation {
  const found = operations.find(({ operationId }) => operationId === id);
  if (found === undefined) throw new Error(`There is no operation ${id}`);
  return found;
}

/**
 * OpenAPI 3.0 says `nullable` where JSON Schema has the type null. Fields that are not described are
 * refused, so that an answer with more than the document says is found out.
 */
function toJsonSchema(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(toJsonSchema);
  if (typeof node !== "object" || node === null) return node;
  const { nullable, example: _, ...words } = node as Json;
  const copy = Object.fromEntries(
    Object.entries(words).map(([name, value]) => [name, toJsonSchema(value)]),
  );
  if (nullable === true) copy["type"] = [copy["type"], "null"];
  const isOpenObject = words["type"] === "object" && words["additionalProperties"] === undefined;
  if (isOpenObject) copy["additionalProperties"] = false;
  return copy;
}
