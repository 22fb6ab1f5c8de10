import { readFileSync } from "node:fs";
import { describedRoutes } from "../app.ts";
import { dialectNames, dialectOf } from "../dialects/index.ts";
import { generateDocument } from "../http/openapi/generate.ts";
import { documentPathOf } from "./document-path.ts";

/** Fails when a committed document, of which each dialect has one, is not the one that the sources make. */
for (const name of dialectNames) {
  const path = documentPathOf(name);
  if ((await generateDocument(describedRoutes(), dialectOf(name))) !== readFileSync(path, "utf8")) {
    console.error(`${path} is stale. Run: bun run documents`);
    process.exit(1);
  }
  console.log(`${path} is fresh.`);
}
