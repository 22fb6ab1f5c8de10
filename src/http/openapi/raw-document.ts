import type { chargeMark } from "./charge-mark.ts";
import type { idempotentMark } from "./idempotency-key.ts";

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
  [idempotentMark]?: boolean;
  [chargeMark]?: boolean;
}

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

/** On a response schema that is text: its media types, where they are not `text/plain`. */
export const textTypesMark = "x-text-types";
