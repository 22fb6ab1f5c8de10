import { type Placeholder, type SQL, sql } from "drizzle-orm";

/**
 * A list of values, to be compared with `IN`. They travel as one JSON text, so that the statement is the
 * same for any number of them, stays prepared, and has no bound on its parameters.
 */
export function among(values: readonly (string | null)[] | Placeholder): SQL {
  const text = Array.isArray(values) ? JSON.stringify(values) : values;
  return sql`(SELECT value FROM json_each(${text}))`;
}
