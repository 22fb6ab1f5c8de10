import {
  type ObjectOptions,
  type SchemaOptions,
  type TObject,
  type TProperties,
  type TSchema,
  Type,
} from "@sinclair/typebox";

/** An object that refuses fields it does not know: a typing error in a name is never dropped silently. */
export function strictObject<T extends TProperties>(
  properties: T,
  options: ObjectOptions = {},
): TObject<T> {
  return Type.Object(properties, { ...options, additionalProperties: false });
}

/** The schema, or null. */
export function nullable<T extends TSchema>(schema: T, options: SchemaOptions = {}) {
  return Type.Union([schema, Type.Null()], options);
}

/** One of the given words. TypeBox does not check `enum` on a string; it checks a union. */
export const literals = <T extends string>(values: readonly T[], description: string) =>
  Type.Unsafe<T>(
    Type.Union(
      values.map((value) => Type.Literal(value)),
      { description, examples: [values[0] as T] },
    ),
  );

/** One character that is no control: names are printed on terminals and in lists of one line each. */
export const printable = "[^\\u0000-\\u001f\\u007f-\\u009f\\u2028-\\u202e\\u2066-\\u2069]";

/** White space that is no control, and what is neither: no character is both, so matching is linear. */
const blank = "[ \\u00a0\\u1680\\u2000-\\u200a\\u202f\\u205f\\u3000\\ufeff]";
const visible = "[^\\s\\u0000-\\u001f\\u007f-\\u009f\\u2028-\\u202e\\u2066-\\u2069]";

/**
 * One line of text that says something, for people. A pattern that could split a text in several ways
 * would take seconds for a long one that does not fit.
 */
export const printableLine = `^${blank}*${visible}${printable}*$`;

/** A name for use in calls and addresses. */
export const slug = (description: string, example: string) =>
  Type.String({ pattern: "^[a-z0-9][a-z0-9-]{0,62}$", description, examples: [example] });

/** A name for people. */
export const displayName = (description: string, example: string) =>
  Type.String({
    minLength: 1,
    maxLength: 100,
    pattern: printableLine,
    description,
    examples: [example],
  });

/** An id, in a path or a body. */
export const id = (description: string, example: string) =>
  Type.String({ minLength: 1, maxLength: 64, description, examples: [example] });

const momentExample = "2026-11-21T09:30:00.000Z";

/** A moment as this API prints it: RFC 3339, UTC, milliseconds. */
export function timestamp(description: string) {
  return Type.String({ format: "date-time", description, examples: [momentExample] });
}

/** A moment or null, with the sentence that says what null means. */
export function optionalTimestamp(description: string) {
  return nullable(Type.String({ format: "date-time", examples: [momentExample] }), { description });
}

/** Milliseconds to RFC 3339. */
export function toTimestamp(ms: number): string {
  return new Date(ms).toISOString();
}

/** Milliseconds or null to RFC 3339 or null. */
export function toOptionalTimestamp(ms: number | null): string | null {
  return ms === null ? null : toTimestamp(ms);
}
