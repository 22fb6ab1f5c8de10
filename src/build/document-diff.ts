import { readFileSync } from "node:fs";
import { describedRoutes } from "../app.ts";
import { generateDocument } from "../http/openapi/generate.ts";

/** Fails when the committed document is not the one that the sources make. */
const path = "openapi/openapi.json";
if ((await generateDocument(describedRoutes())) !== readFileSync(path, "utf8")) {
  console.error(`${path} is stale. Run: bun src/main.ts openapi --out ${path}`);
  process.exit(1);
}
console.log(`${path} is fresh.`);
