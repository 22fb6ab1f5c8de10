import { type LoadPlan, type LoadResult, maxLatencyMs } from "./load-plan.ts";
import { ResponseReader } from "./response-reader.ts";

/**
 * The load generator, a process of its own: keep-alive connections, one request under way on each,
 * no pipelining. It reads a plan from its argument and prints a result. It says nothing of HTTP
 * that the servers here do not need.
 */

/** Requests kept as bytes; a longer list is rendered as it is sent. */
const preparedMax = 10_000;
const bucketsPerMs = 100;
const pollMs = 5;

const plan = JSON.parse(Bun.argv[2] ?? "") as LoadPlan;
const secrets = await readSecrets();
const requests =
  secrets.length > preparedMax ? undefined : secrets.map((secret) => Buffer.from(render(secret)));

const buckets = new Uint32Array(maxLatencyMs * bucketsPerMs + 1);
const failures: Record<string, number> = {};
let nextSecret = 0;
let answered = 0;
let completed = 0;
let isMeasuring = false;
let isOver = false;
let longestMs = 0;

const connections = await Promise.all(Array.from({ length: plan.connections }, connect));
for (const send of connections) send();
await Bun.sleep(plan.warmUpMs);
isMeasuring = true;
const startedMs = performance.now();
const deadlineMs = startedMs + plan.measureMs;
while (!isOver && performance.now() < deadlineMs) {
  await Bun.sleep(Math.min(pollMs, Math.max(0, deadlineMs - performance.now())));
}
const seconds = (performance.now() - startedMs) / 1_000;
isOver = true;
const result: LoadResult = {
  requests: completed,
  seconds,
  perSecond: completed / seconds,
  requestsTotal: answered,
  secretsUsed: Math.min(nextSecret, secrets.length),
  failures,
  latencyMs: { p50: percentile(0.5), p99: percentile(0.99), max: longestMs },
};
console.log(JSON.stringify(result));
process.exit(0);

/** Opens one connection; returns the function that sends its first request. */
async function connect(): Promise<() => void> {
  const reader = new ResponseReader();
  let sentMs = 0;
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port: plan.port,
    socket: {
      data(_, bytes) {
        const status = reader.read(bytes);
        if (status === undefined) return;
        answered++;
        if (isMeasuring) note(status, performance.now() - sentMs);
        send();
      },
      close() {
        if (!isOver) fail("connection closed");
      },
      error(_, error) {
        fail(error.message);
      },
    },
  });
  function send(): void {
    const request = isOver ? undefined : takeRequest();
    if (request === undefined) return;
    sentMs = performance.now();
    const written = socket.write(request);
    if (written !== request.length) fail("request written in part");
  }
  return send;
}

/** The next request; undefined when each secret may be used once and all were. */
function takeRequest(): Buffer | string | undefined {
  const at = nextSecret++;
  if (plan.secrets.once && at >= secrets.length) {
    isOver = true;
    return undefined;
  }
  return requests?.[at % requests.length] ?? render(secrets[at % secrets.length] ?? "");
}

function note(status: number, latencyMs: number): void {
  if (isOver) return;
  completed++;
  if (status !== 200) fail(`status ${status}`);
  const bucket = Math.min(Math.floor(latencyMs * bucketsPerMs), buckets.length - 1);
  buckets[bucket] = (buckets[bucket] ?? 0) + 1;
  if (latencyMs > longestMs) longestMs = latencyMs;
}

function fail(reason: string): void {
  failures[reason] = (failures[reason] ?? 0) + 1;
}

async function readSecrets(): Promise<string[]> {
  const { file, from, count } = plan.secrets;
  const lines = (await Bun.file(file).text()).trimEnd().split("\n");
  return lines.slice(from, from + count);
}

/** A whole request as text. */
function render(secret: string): string {
  const body = plan.body?.replaceAll("{secret}", secret) ?? "";
  const head = [
    `${plan.method} ${plan.path} HTTP/1.1`,
    `Host: 127.0.0.1:${plan.port}`,
    `Authorization: Bearer ${plan.bearer ?? secret}`,
    ...(body === "" ? [] : ["Content-Type: application/json", `Content-Length: ${body.length}`]),
  ];
  return `${head.join("\r\n")}\r\n\r\n${body}`;
}

function percentile(share: number): number {
  const wanted = completed * share;
  let seen = 0;
  for (const [bucket, count] of buckets.entries()) {
    seen += count;
    if (seen >= wanted) return (bucket + 1) / bucketsPerMs;
  }
  return maxLatencyMs;
}
