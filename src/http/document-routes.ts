import { type AnyElysia, Elysia } from "elysia";
import type { Dialect } from "../dialects/dialect.ts";
import type { Authenticator } from "./authenticate.ts";
import { generateDocument } from "./openapi/generate.ts";
import { swaggerUiFile } from "./swagger-ui.ts";

/**
 * Swagger UI needs nothing from elsewhere, no inline script and no inline style sheet. Its icons are
 * `data:` images. Try it out calls this origin.
 */
const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const pageHeaders = {
  "content-security-policy": contentSecurityPolicy,
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cache-control": "public, max-age=300",
};

/** `/openapi.json`, and Swagger UI under `/docs` from files inside the binary. */
export function documentRoutes(
  services: { authenticator: Authenticator; dialect: Dialect },
  apiRoutes: () => AnyElysia,
) {
  // Generated at the first question: it costs some milliseconds that the start does not have.
  let document: Promise<string> | undefined;
  return new Elysia({ name: "document" })
    .onBeforeHandle(({ request }) => services.authenticator.countAnonymous(request))
    .get("/openapi.json", async () => {
      document ??= generateDocument(apiRoutes(), services.dialect);
      return new Response(await document, {
        headers: { ...pageHeaders, "content-type": "application/json" },
      });
    })
    .get("/docs", () => swaggerUiFile("index.html", pageHeaders))
    .get("/docs/:file", ({ params }) => swaggerUiFile(params.file, pageHeaders));
}
