import { isDeepStrictEqual } from "node:util";
import type { ScopeWords } from "../../dialects/dialect.ts";
import { describeWrittenScopes } from "../../dialects/read-scopes.ts";
import type { RawSchema } from "./raw-document.ts";
import { writtenScopesMark } from "./written-scopes.ts";

/** A schema of OpenAPI 3.0.3, or a reference to one. */
export type Schema = Record<string, unknown>;

/** Where a schema is used: requests are held to the fields they know, answers may gain fields. */
export type Direction = "request" | "response";

/** The words of a schema, in the order they are written. Anything else is refused. */
const keywords = [
  "type",
  "format",
  "description",
  "nullable",
  "enum",
  "default",
  "minimum",
  "maximum",
  "minLength",
  "maxLength",
  "pattern",
  "minItems",
  "maxItems",
  "minProperties",
  "items",
  "required",
  "properties",
  "additionalProperties",
  "example",
] as const;

/** Turns TypeBox schemas into those of OpenAPI 3.0.3. Each that has a title becomes a component. */
export class ComponentSchemas {
  readonly #byTitle = new Map<string, Schema>();

  /** With the dialect's words for scopes, where it has any. */
  constructor(private readonly scopeWords: ScopeWords | undefined) {}

  /**
   * The schema, or a reference to it when it has a title. Throws when two schemas have one title, and
   * for a word that OpenAPI 3.0.3 does not have.
   */
  refer(raw: RawSchema, direction: Direction): Schema {
    const { title, ...rest } = mergeUnion(raw);
    const schema = this.#translate(rest, direction);
    if (typeof title !== "string") return schema;
    // The example of a whole body is shown with the operation.
    delete schema["example"];
    const known = this.#byTitle.get(title);
    if (known !== undefined && !isDeepStrictEqual(known, schema)) {
      throw new Error(`There are two schemas with the title ${title}`);
    }
    this.#byTitle.set(title, schema);
    return { $ref: `#/components/schemas/${title}` };
  }

  sorted(): Record<string, Schema> {
    return Object.fromEntries([...this.#byTitle].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  #translate(
    { [writtenScopesMark]: isWrittenScopes, ...raw }: RawSchema,
    direction: Direction,
  ): Schema {
    const isOther = isWrittenScopes === true && this.scopeWords !== undefined;
    const words = translateWords(isOther ? describeWrittenScopes(this.scopeWords, raw) : raw);
    if (isSchema(words["items"])) words["items"] = this.refer(words["items"], direction);
    if (isSchema(words["properties"])) {
      words["properties"] = Object.fromEntries(
        Object.entries(words["properties"]).map(([name, property]) => [
          name,
          this.refer(property as RawSchema, direction),
        ]),
      );
    }
    const isClosed = words["additionalProperties"] === false;
    if (isClosed && direction === "response") delete words["additionalProperties"];
    return inOrder(words);
  }
}

/**
 * TypeBox says "or null" and "one of these words" with unions. OpenAPI 3.0.3 has no type null and says
 * `nullable`, and client generators read words best from an `enum`. Throws for any other union.
 */
export function mergeUnion(raw: RawSchema): RawSchema {
  const { anyOf, ...rest } = raw;
  if (anyOf === undefined) return raw;
  const options = (anyOf as RawSchema[]).map(mergeUnion);
  const schema = oneSchemaOf(options.filter(({ type }) => type !== "null"));
  if (schema === undefined) {
    throw new Error(`Only a union of words or with null can be described: ${JSON.stringify(raw)}`);
  }
  if (options.every(({ type }) => type !== "null")) return { ...schema, ...rest };
  const words = schema["enum"] as unknown[] | undefined;
  const nullableWords = words === undefined ? {} : { enum: [...words, null] };
  return { ...schema, ...rest, ...nullableWords, nullable: true };
}

function oneSchemaOf(options: RawSchema[]): RawSchema | undefined {
  const [first] = options;
  if (options.length === 1) return first;
  const areWords = options.every((option) => typeof option["const"] === "string");
  return first !== undefined && areWords
    ? { type: "string", enum: options.map((option) => option["const"]) }
    : undefined;
}

function translateWords(raw: RawSchema): Schema {
  const { $id: _, const: only, examples, patternProperties, ...words } = raw;
  if (only !== undefined) words["enum"] = [only];
  if (Array.isArray(examples) && examples.length > 0) words["example"] = examples[0];
  // TypeBox writes a record as a pattern that every name matches.
  if (patternProperties !== undefined) words["additionalProperties"] = true;
  // Without a format generators take 32 bits, which limits and money outgrow.
  if (words["type"] === "integer") words["format"] = "int64";
  if (words["type"] === "number") words["format"] = "double";
  // A value that is always null has to be of some type, and generators do not read `enum: [null]`.
  if (words["type"] === "null") Object.assign(words, { type: "string", nullable: true });
  return words;
}

function inOrder(words: Schema): Schema {
  const unknown = Object.keys(words).find((word) => !keywords.some((known) => known === word));
  if (unknown !== undefined) throw new Error(`OpenAPI 3.0.3 has no schema keyword ${unknown}`);
  const written = keywords.filter((word) => words[word] !== undefined);
  return Object.fromEntries(written.map((word) => [word, words[word]]));
}

function isSchema(value: unknown): value is RawSchema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
