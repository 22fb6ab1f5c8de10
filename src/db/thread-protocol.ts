/** What goes to a database thread and what comes back. */
export type ThreadRequest =
  | { id: number; kind: "open"; url: string; busyTimeoutMs: number }
  | { id: number; kind: "execute" | "batch"; statements: unknown[] }
  | { id: number; kind: "close" };

export interface ThreadResult {
  columns: string[];
  columnTypes: string[];
  rows: unknown[][];
  rowsAffected: number;
}

export interface ThreadReply {
  id: number;
  results?: ThreadResult[];
  error?: { message: string; code: string };
}
