import { type AnyElysia, Elysia } from "elysia";
import { normalizeDocument } from "./normalize.ts";
import type { RawDocument } from "./raw-document.ts";

const documentPath = "/document";

/** The OpenAPI 3.0.3 document of the given routes, as JSON text that is the same every time. */
export async function generateDocument(apiRoutes: AnyElysia): Promise<string> {
  // Loaded for the first question about the document: the start has no use for it.
  const { swagger } = await import("@elysiajs/swagger");
  const app = new Elysia().use(apiRoutes).use(swagger({ path: documentPath }));
  const response = await app.handle(new Request(`http://localhost${documentPath}/json`));
  const document = normalizeDocument((await response.json()) as RawDocument);
  return `${JSON.stringify(document, null, 2)}\n`;
}
