import { type AnyElysia, Elysia } from "elysia";
import { completeSecret } from "../../crypto/secret-format.ts";
import type { Dialect } from "../../dialects/dialect.ts";
import { secretExample } from "../../keys/schema-fields.ts";
import { normalizeDocument } from "./normalize.ts";
import type { RawDocument } from "./raw-document.ts";

/** The example of a secret as the dialect makes them. */
function secretExampleOf({ prefixes }: Dialect): string {
  const random = secretExample.slice(prefixLength, prefixLength + randomLength);
  return completeSecret(prefixes.workspace.live, random);
}

const prefixLength = "sk_live_".length;
const randomLength = 56;

const documentPath = "/document";

/** The OpenAPI 3.0.3 document of the given routes in a dialect, as JSON text that is the same every time. */
export async function generateDocument(apiRoutes: AnyElysia, dialect: Dialect): Promise<string> {
  // Loaded for the first question about the document: the start has no use for it.
  const { swagger } = await import("@elysiajs/swagger");
  const app = new Elysia().use(apiRoutes).use(swagger({ path: documentPath }));
  const response = await app.handle(new Request(`http://localhost${documentPath}/json`));
  const document = normalizeDocument((await response.json()) as RawDocument, dialect);
  const text = `${JSON.stringify(document, null, 2)}\n`;
  return text.replaceAll(secretExample, secretExampleOf(dialect));
}
