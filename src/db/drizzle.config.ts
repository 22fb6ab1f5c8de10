import { defineConfig } from "drizzle-kit";

/** For `bun run migrations`: turns a change of `tables/` into the next file of `migrations/`. */
export default defineConfig({
  dialect: "sqlite",
  schema: "./src/db/tables/index.ts",
  out: "./src/db/migrations",
});
