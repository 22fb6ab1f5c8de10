import type { TLSOptions } from "bun";

export interface Received {
  path: string;
  body: string;
  headers: Record<string, string>;
  /** By the real clock. */
  at: number;
}

/** Where webhooks arrive: answers with `status`, or as `answer` says, and keeps what it got. */
export function startReceiver(options: { tls?: TLSOptions; port?: number } = {}) {
  const received: Received[] = [];
  const receiver = {
    received,
    status: 204,
    answer: undefined as ((got: Received) => Response | Promise<Response>) | undefined,
    url: "",
    port: 0,
    /** What has arrived of a type, of an organization. */
    of: (type: string, organization?: string) =>
      received
        .map(({ body }) => JSON.parse(body))
        .filter(
          (event) =>
            event.type === type &&
            (organization === undefined || event.data.organization_id === organization),
        ),
    async stop() {
      await server.stop(true);
    },
  };
  const server = Bun.serve({
    port: options.port ?? 0,
    hostname: "127.0.0.1",
    ...(options.tls === undefined ? {} : { tls: options.tls }),
    async fetch(request) {
      const got = {
        path: new URL(request.url).pathname,
        body: await request.text(),
        headers: request.headers.toJSON(),
        at: Date.now(),
      };
      received.push(got);
      return receiver.answer?.(got) ?? new Response(null, { status: receiver.status });
    },
  });
  receiver.port = server.port as number;
  receiver.url = `http://127.0.0.1:${server.port}/hook`;
  return receiver;
}

/** Waits until something holds; the clock of the application stands still meanwhile. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  what = "what was waited for",
): Promise<void> {
  for (const end = Date.now() + 20_000; !(await holds()); await Bun.sleep(5)) {
    if (Date.now() > end) throw new Error(`It did not happen: ${what}`);
  }
}
