/** A statement and the rows of values that it is run with, one after the other. */
export interface Rows {
  sql: string;
  args: { rows: readonly (readonly unknown[])[] };
}

/** What goes to a database thread and what comes back. */
export type ThreadRequest =
  | { id: number; kind: "open"; path: string; busyTimeoutMs: number }
  | { id: number; kind: "execute" | "batch"; statements: unknown[] }
  | { id: number; kind: "close" };

export interface ThreadResult {
  columns: string[];
  rows: unknown[][];
  rowsAffected: number;
}

export interface ThreadReply {
  id: number;
  results?: ThreadResult[];
  error?: { message: string; code: string };
}
