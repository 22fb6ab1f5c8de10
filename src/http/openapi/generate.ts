import { type AnyElysia, Elysia } from "elysia";
import { completeSecret, keyTypes } from "../../crypto/secret-format.ts";
import type { Dialect } from "../../dialects/dialect.ts";
import { standard } from "../../dialects/standard.ts";
import { normalizeDocument } from "./normalize.ts";
import type { RawDocument } from "./raw-document.ts";

/** The examples are written as standard secrets; here they become the dialect's, checksum and all. */
function inDialect(text: string, { prefixes }: Dialect): string {
  return keyTypes.reduce((done, type) => {
    const pattern = new RegExp(
      `\\b${standard.prefixes[type].live}([0-9a-f]{56})[0-9a-f]{8}\\b`,
      "g",
    );
    return done.replaceAll(pattern, (_, random: string) =>
      completeSecret(prefixes[type].live, random),
    );
  }, text);
}

const documentPath = "/document";

/** The OpenAPI 3.0.3 document of the given routes in a dialect, as JSON text that is the same every time. */
export async function generateDocument(apiRoutes: AnyElysia, dialect: Dialect): Promise<string> {
  // Loaded for the first question about the document: the start has no use for it.
  const { swagger } = await import("@elysiajs/swagger");
  const app = new Elysia().use(apiRoutes).use(swagger({ path: documentPath }));
  const response = await app.handle(new Request(`http://localhost${documentPath}/json`));
  const document = normalizeDocument((await response.json()) as RawDocument, dialect);
  const text = `${JSON.stringify(document, null, 2)}\n`;
  return inDialect(text, dialect);
}
