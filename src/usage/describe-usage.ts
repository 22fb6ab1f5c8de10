import type { UsageDimension } from "../core/usage.ts";
import { microsToUsd } from "../credits/micros.ts";
import { toTimestamp } from "../http/schema-parts.ts";
import type { UsageRowAnswer } from "./schemas.ts";
import type { UsageQuestion, UsageRow } from "./usage-query-store.ts";

const fieldNames = {
  key: "key_id",
  workspace: "workspace_id",
  user: "user_id",
  subject: "subject",
  status: "status",
} as const satisfies Record<UsageDimension, keyof UsageRowAnswer>;

/** The fields of a row that answer a question, in their order. */
export function usageColumns({ isByBucket, groupBy }: UsageQuestion): string[] {
  const groups = groupBy.map((name) => fieldNames[name]);
  return [...(isByBucket ? ["start"] : []), ...groups, "requests", "charges", "cost"];
}

/** A row as the API shows it. */
export function describeUsage(question: UsageQuestion, row: UsageRow): UsageRowAnswer {
  const { isByBucket, groupBy } = question;
  const [first, ...rest] = row.place;
  const groups = isByBucket ? rest : row.place;
  // Most have neither a user nor a subject; it is stored as the empty text.
  const named = groupBy.map((name, at) => [
    fieldNames[name],
    groups[at] === "" ? null : groups[at],
  ]);
  return {
    ...(isByBucket ? { start: toTimestamp(Number(first)) } : {}),
    ...Object.fromEntries(named),
    requests: row.requests,
    charges: row.charges,
    cost: microsToUsd(row.costMicros),
  };
}
