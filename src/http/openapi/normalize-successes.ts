import type { Envelope } from "../../dialects/dialect.ts";
import type { ComponentSchemas } from "./component-schemas.ts";
import { exampleOf } from "./example.ts";
import {
  type RawOperation,
  type RawResponse,
  type RawSchema,
  textTypesMark,
} from "./raw-document.ts";
import { type HeaderName, headerReferences } from "./response-headers.ts";

/** The answers that are no errors, by status. Throws when there is none, or one without a description. */
export function normalizeSuccesses(
  { responses = {}, operationId }: RawOperation,
  {
    headers,
    schemas,
    envelope,
  }: {
    headers: readonly HeaderName[];
    schemas: ComponentSchemas;
    envelope: Envelope | undefined;
  },
) {
  const entries = Object.entries(responses).filter(([status]) => Number(status) < 400);
  if (entries.length === 0) throw new Error(`${operationId} has no success`);
  return Object.fromEntries(
    entries.map(([status, response]) => {
      const { description } = response;
      if (!description) throw new Error(`${operationId} needs a description of its ${status}`);
      return [
        status,
        {
          description,
          headers: headerReferences(headers),
          ...contentOf(response, { schemas, wrap: (bare) => envelope?.wrap(bare, Number(status)) }),
        },
      ];
    }),
  );
}

/** Text is text and everything else is JSON. The plugin's title and examples go back to the schema. */
function contentOf(
  { content, ...moved }: RawResponse,
  {
    schemas,
    wrap,
  }: {
    schemas: ComponentSchemas;
    wrap: (bare: { schema: object; example: unknown }) => object | undefined;
  },
) {
  const media = content?.["application/json"];
  if (media === undefined) return {};
  const { [textTypesMark]: textTypes = ["text/plain"], ...schema }: RawSchema = {
    ...media.schema,
    ...moved,
  };
  const isText = schema["type"] === "string";
  const types = isText ? (textTypes as string[]) : ["application/json"];
  const bare = { schema: schemas.refer(schema, "response"), example: exampleOf(schema) };
  const described = isText ? bare : (wrap(bare) ?? bare);
  return { content: Object.fromEntries(types.map((type) => [type, described])) };
}
