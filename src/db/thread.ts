import type { InStatement } from "@libsql/client/sqlite3";
import { Connection } from "./connection.ts";
import type { ThreadReply, ThreadRequest, ThreadResult } from "./thread-protocol.ts";

/**
 * The body of a database thread: one connection, one request after the other. SQLite calls block,
 * and a commit waits for the disk, so none of this may happen on the thread that answers requests.
 */
declare const self: Worker;

let connection: Connection | undefined;

self.onmessage = (event: MessageEvent<ThreadRequest>) => {
  const { id } = event.data;
  try {
    self.postMessage({ id, results: perform(event.data) } satisfies ThreadReply);
  } catch (error) {
    self.postMessage({ id, error: plainError(error) } satisfies ThreadReply);
  }
};

function perform(request: ThreadRequest): ThreadResult[] {
  if (request.kind === "open") {
    connection = new Connection(request.path, request.busyTimeoutMs);
    return [];
  }
  if (connection === undefined) throw new Error("The database thread has not been opened.");
  if (request.kind === "close") {
    connection.close();
    return [];
  }
  const statements = request.statements as InStatement[];
  if (request.kind === "batch") return connection.batch(statements);
  return [connection.execute(statements[0] as InStatement)];
}

/** An error as data: structured clone drops the fields of LibsqlError that tell what went wrong. */
function plainError(error: unknown) {
  const code = (error as { code?: unknown }).code;
  return {
    message: error instanceof Error ? error.message : String(error),
    code: typeof code === "string" ? code : "UNKNOWN",
  };
}
