import type { Dialect } from "./dialect.ts";
import { standard } from "./standard.ts";

/** Skilder has no wire style of its own: its page is about keys. */
export const skilder: Dialect = {
  prefixes: {
    workspace: { live: "WSK_", test: "WSK_TEST_" },
    user: { live: "USK_", test: "USK_" },
    runtime: { live: "RTK_", test: "RTK_" },
    management: standard.prefixes.management,
  },
  plans: standard.plans,
  errors: standard.errors,
};
