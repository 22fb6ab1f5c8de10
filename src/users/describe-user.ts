import { toTimestamp } from "../http/schema-parts.ts";
import type { User } from "./schemas.ts";
import type { UserRow } from "./user-store.ts";

/** The user as the API shows it. */
export function describeUser(row: UserRow): User {
  return {
    id: row.id,
    email: row.email,
    name: row.name,
    state: row.state,
    is_operator: row.isOperator,
    created_at: toTimestamp(row.createdAtMs),
  };
}
