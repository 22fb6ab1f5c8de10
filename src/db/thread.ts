import { type Client, createClient, type InStatement } from "@libsql/client/sqlite3";
import { withFreshConnections } from "./fresh-connection.ts";
import type { ThreadReply, ThreadRequest } from "./thread-protocol.ts";

/**
 * The body of a database thread: one connection, one request after the other. SQLite calls block,
 * and a commit waits for the disk, so none of this may happen on the thread that answers requests.
 */
declare const self: Worker;

let client: Client | undefined;

let last: Promise<void> = Promise.resolve();

self.onmessage = (event: MessageEvent<ThreadRequest>) => {
  last = last.then(() => reply(event.data));
};

async function reply(request: ThreadRequest): Promise<void> {
  try {
    self.postMessage(await perform(request));
  } catch (error) {
    self.postMessage({ id: request.id, error: plainError(error) } satisfies ThreadReply);
  }
}

async function perform(request: ThreadRequest): Promise<ThreadReply> {
  if (request.kind === "open") {
    const { url, busyTimeoutMs: timeout } = request;
    client = withFreshConnections(createClient({ url, timeout, concurrency: 1 }));
    return { id: request.id, results: [] };
  }
  if (client === undefined) throw new Error("The database thread has not been opened.");
  if (request.kind === "close") {
    client.close();
    return { id: request.id, results: [] };
  }
  const statements = request.statements as InStatement[];
  const results =
    request.kind === "batch"
      ? await client.batch(statements, "write")
      : [await client.execute(statements[0] as InStatement)];
  return {
    id: request.id,
    results: results.map((result) => ({
      columns: result.columns,
      columnTypes: result.columnTypes,
      rows: result.rows.map((row) => Array.from({ length: row.length }, (_, at) => row[at])),
      rowsAffected: result.rowsAffected,
    })),
  };
}

/** An error as data: structured clone drops the fields of LibsqlError that tell what went wrong. */
function plainError(error: unknown) {
  const code = (error as { code?: unknown }).code;
  return {
    message: error instanceof Error ? error.message : String(error),
    code: typeof code === "string" ? code : "UNKNOWN",
  };
}
