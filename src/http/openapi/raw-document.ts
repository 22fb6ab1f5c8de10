/** The parts of what `@elysiajs/swagger` emits that the normalizer reads. */
export interface RawDocument {
  paths: Record<string, Record<string, RawOperation>>;
}

export interface RawOperation {
  operationId: string;
  tags?: string[];
  summary?: string;
  description?: string;
  parameters?: RawParameter[];
  requestBody?: { content: RawContent };
  responses?: Record<string, RawResponse>;
  /** Set by a route that takes an Idempotency-Key. It does not get into the document. */
  [idempotentMark]?: boolean;
}

export const idempotentMark = "x-idempotent";

export interface RawParameter {
  name: string;
  in: "path" | "query";
  required: boolean;
  description?: string;
  examples?: unknown[];
  schema: RawSchema;
}

export interface RawResponse {
  /** The plugin moves these off the schema and onto the response. */
  title?: string;
  description?: string;
  examples?: unknown[];
  content?: RawContent;
}

/** The same schema for each of three media types, whatever the route answers. */
export type RawContent = Record<string, { schema: RawSchema }>;

/** A JSON Schema as TypeBox writes it. */
export type RawSchema = Record<string, unknown>;
