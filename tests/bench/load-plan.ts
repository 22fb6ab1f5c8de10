/** Latencies are counted in buckets up to this; the longest is kept exactly. */
export const maxLatencyMs = 1_000;

/** What the load generator is told. */
export interface LoadPlan {
  port: number;
  connections: number;
  warmUpMs: number;
  measureMs: number;
  method: "GET" | "POST";
  path: string;
  /** The credential; a secret of the list when it is left out. */
  bearer?: string;
  /** A JSON body, in which `{secret}` stands for a secret of the list. */
  body?: string;
  /** Taken in turn from a file with one secret a line; each only once when `once` is set. */
  secrets: { file: string; from: number; count: number; once: boolean };
}

/** What it measured after its warm-up. */
export interface LoadResult {
  requests: number;
  seconds: number;
  perSecond: number;
  /** Requests that were answered, those of the warm-up included. */
  requestsTotal: number;
  /** Secrets taken from the list, those of the warm-up included. */
  secretsUsed: number;
  /** Everything that was not a 200, by reason. Empty in a good run. */
  failures: Record<string, number>;
  latencyMs: { p50: number; p99: number; max: number };
}
