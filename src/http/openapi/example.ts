import { mergeUnion } from "./component-schemas.ts";
import type { RawSchema } from "./raw-document.ts";

/**
 * An example of the whole schema: its own, or one put together from those of its fields, so that an
 * example is written once, beside the field. Optional fields are left out. Throws for a field that
 * has none.
 */
export function exampleOf(schema: RawSchema): unknown {
  const { examples, type, nullable } = mergeUnion(schema);
  // A value that can be null mostly is. An object that can be null is shown.
  if (nullable === true && type !== "object") return null;
  if (Array.isArray(examples) && examples.length > 0) return examples[0];
  switch (type) {
    case "null":
      return null;
    case "array":
      return [exampleOf(schema["items"] as RawSchema)];
    case "object":
      return exampleOfFields(mergeUnion(schema));
    default:
      throw new Error(`There is no example of ${JSON.stringify(schema)}`);
  }
}

function exampleOfFields({ properties, required }: RawSchema) {
  const fields = properties as Record<string, RawSchema>;
  const names = (required ?? []) as string[];
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([name]) => names.includes(name))
      .map(([name, field]) => [name, exampleOf(field)]),
  );
}
