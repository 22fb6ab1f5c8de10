import icon from "swagger-ui-dist/favicon-32x32.png" with { type: "file" };
import css from "swagger-ui-dist/swagger-ui.css" with { type: "file" };
import bundle from "swagger-ui-dist/swagger-ui-bundle.js" with { type: "file" };
import { notFound } from "../core/errors.ts";
import start from "./swagger-ui-start.txt" with { type: "text" };

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Tollgate API</title>
<link rel="stylesheet" href="/docs/swagger-ui.css">
<link rel="icon" type="image/png" href="/docs/favicon.png">
</head>
<body>
<div id="swagger-ui"></div>
<noscript>Swagger UI needs JavaScript. The document itself is at <a href="/openapi.json">/openapi.json</a>.</noscript>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;

const html = "text/html; charset=utf-8";
const script = "text/javascript; charset=utf-8";

/** The files by name, with their media types: nothing outside this list can be asked for. */
const files: Readonly<Record<string, { type: string; content: () => string | Bun.BunFile }>> = {
  "index.html": { type: html, content: () => page },
  "start.js": { type: script, content: () => start },
  "swagger-ui-bundle.js": { type: script, content: () => Bun.file(bundle) },
  "swagger-ui.css": { type: "text/css; charset=utf-8", content: () => Bun.file(css) },
  "favicon.png": { type: "image/png", content: () => Bun.file(icon) },
};

/** One file of Swagger UI. Throws 404 for any other name. */
export function swaggerUiFile(name: string, headers: Record<string, string>): Response {
  const file = Object.hasOwn(files, name) ? files[name] : undefined;
  if (file === undefined) throw notFound("file");
  return new Response(file.content(), { headers: { ...headers, "content-type": file.type } });
}
