import type { ComponentSchemas } from "./component-schemas.ts";
import { exampleOf } from "./example.ts";
import type { RawOperation, RawSchema } from "./raw-document.ts";

/** The path and query parameters. Throws for one that has no description or no example. */
export function normalizeParameters({ parameters = [] }: RawOperation, schemas: ComponentSchemas) {
  return parameters.map(({ name, in: place, required, schema, description, examples }) => {
    if (description === undefined || examples === undefined) {
      throw new Error(`The parameter ${name} needs a description and an example`);
    }
    return {
      name,
      in: place,
      description,
      required,
      schema: schemas.refer(schema, "request"),
      example: examples[0],
    };
  });
}

/** The body, as JSON alone: the plugin offers it as a form and as text, which the server refuses. */
export function normalizeRequestBody({ requestBody }: RawOperation, schemas: ComponentSchemas) {
  const body = requestBody?.content["application/json"]?.schema;
  if (body === undefined) return undefined;
  const media = { schema: schemas.refer(body, "request"), example: exampleOf(body) };
  return { required: isRequired(body), content: { "application/json": media } };
}

/** A body whose fields are all optional may be left out: no body is read as `{}`. */
function isRequired(body: RawSchema): boolean {
  return body["required"] !== undefined || body["minProperties"] !== undefined;
}
