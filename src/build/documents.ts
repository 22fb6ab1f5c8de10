import { writeFileSync } from "node:fs";
import { describedRoutes } from "../app.ts";
import { dialectNames, dialectOf } from "../dialects/index.ts";
import { generateDocument } from "../http/openapi/generate.ts";
import { documentPathOf } from "./document-path.ts";

/** `bun run documents`: writes the document of every dialect. */
for (const name of dialectNames) {
  writeFileSync(documentPathOf(name), await generateDocument(describedRoutes(), dialectOf(name)));
}
