import { type Client, LibsqlError, type ResultSet } from "@libsql/client/sqlite3";
import { DomainError } from "../core/errors.ts";
import { databaseClosed } from "./database-error.ts";
import { toResultSet } from "./result-set.ts";
import type { ThreadReply, ThreadRequest, ThreadResult } from "./thread-protocol.ts";

/** Requests that may wait for one thread; one more is answered 503. */
export const threadQueueMax = 10_000;

/** Set by the build: in the binary the thread's module has another place than in the sources. */
declare const TOLLGATE_THREAD_MODULE: string | undefined;

const threadModule =
  typeof TOLLGATE_THREAD_MODULE === "undefined" ? "./thread.ts" : TOLLGATE_THREAD_MODULE;

type Unnumbered<T> = T extends unknown ? Omit<T, "id"> : never;
type Waiter = { resolve: (results: ThreadResult[]) => void; reject: (error: unknown) => void };

/** The part of libSQL's client that drizzle calls, served by a connection in a thread of its own. */
export class ThreadClient {
  #worker: Worker;
  #waiting = new Map<number, Waiter>();
  #lastId = 0;
  closed = false;
  readonly protocol = "file";

  private constructor(onCrash: (error: Error) => void) {
    this.#worker = new Worker(new URL(threadModule, import.meta.url).href);
    this.#worker.onmessage = (event: MessageEvent<ThreadReply>) => this.#settle(event.data);
    this.#worker.onerror = (event) => {
      const error = new Error(`A database thread crashed: ${event.message}`);
      this.#end(error);
      onCrash(error);
    };
  }

  /** Starts the thread and opens the file in it. */
  static async open(options: {
    path: string;
    busyTimeoutMs: number;
    onCrash: (error: Error) => void;
  }): Promise<ThreadClient> {
    const client = new ThreadClient(options.onCrash);
    const { path, busyTimeoutMs } = options;
    await client.#ask({ kind: "open", path, busyTimeoutMs });
    return client;
  }

  async execute(statement: unknown): Promise<ResultSet> {
    const results = await this.#ask({ kind: "execute", statements: [statement] });
    return toResultSet(results[0] as ThreadResult);
  }

  /** One transaction, begun IMMEDIATE: all of the statements or none. */
  async batch(statements: unknown[]): Promise<ResultSet[]> {
    return (await this.#ask({ kind: "batch", statements })).map(toResultSet);
  }

  /** Takes no more, closes the connection after everything that was asked before, and ends the thread. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    try {
      await this.#post({ kind: "close" });
    } finally {
      this.#end(databaseClosed());
    }
  }

  /** As libSQL's interface: drizzle asks for nothing else of it. */
  asClient(): Client {
    return this as unknown as Client;
  }

  #ask(request: Unnumbered<ThreadRequest>): Promise<ThreadResult[]> {
    if (this.closed) return Promise.reject(databaseClosed());
    if (this.#waiting.size >= threadQueueMax) {
      return Promise.reject(
        new DomainError("overloaded", "Too many requests wait for the database.", {
          retryAfterSeconds: 1,
        }),
      );
    }
    return this.#post(request);
  }

  #post(request: Unnumbered<ThreadRequest>): Promise<ThreadResult[]> {
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      this.#waiting.set(id, { resolve, reject });
      this.#worker.postMessage({ ...request, id });
    });
  }

  /** Nobody is left waiting for a thread that is no more. */
  #end(error: Error): void {
    this.closed = true;
    this.#worker.terminate();
    for (const waiter of this.#waiting.values()) waiter.reject(error);
    this.#waiting.clear();
  }

  #settle(reply: ThreadReply): void {
    const waiter = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (reply.error !== undefined) {
      waiter?.reject(new LibsqlError(reply.error.message, reply.error.code));
    } else {
      waiter?.resolve(reply.results ?? []);
    }
  }
}
