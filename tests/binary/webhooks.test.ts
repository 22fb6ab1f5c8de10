import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Webhook } from "standardwebhooks";
import {
  emptyFolder,
  type RunningBinary,
  removeFolder,
  requireBinary,
  runBinary,
  startBinary,
} from "../support/binary.ts";
import { startReceiver, until } from "../support/receiver.ts";

beforeAll(requireBinary, 120_000);

const folders: string[] = [];
afterAll(() => folders.forEach(removeFolder));

const env = {
  TOLLGATE_WEBHOOK_ALLOWED_NETWORKS: "127.0.0.1",
  // A proxy would dial what nobody judged: it is not asked.
  HTTP_PROXY: "http://127.0.0.1:9",
  HTTPS_PROXY: "http://127.0.0.1:9",
};

interface Made {
  id: string;
  secret: string;
}

async function make(server: RunningBinary, key: string, path: string, body: object): Promise<Made> {
  const answer = await server.call(path, { key, body });
  if (answer.status !== 201) throw new Error(`Not made: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Made;
}

/** A port where nobody listens, for a receiver that is started later. */
async function freePort(): Promise<number> {
  const receiver = startReceiver();
  await receiver.stop();
  return receiver.port;
}

describe("deliveries that wait", () => {
  test("survive kill -9: every event of an acknowledged change arrives after the next start", async () => {
    const cwd = emptyFolder();
    folders.push(cwd);
    const port = await freePort();
    const first = await startBinary({ cwd, env });
    const key = first.managementKey ?? "";
    const url = `http://127.0.0.1:${port}/hook`;
    const { secret } = await make(first, key, "/webhooks", { url });
    const made = await Promise.all(
      Array.from({ length: 20 }, () => make(first, key, "/api-keys", { label: "x" })),
    );
    await first.end("SIGKILL");
    const receiver = startReceiver({ port });
    const second = await startBinary({ cwd, env });
    const arrived = () =>
      new Set(receiver.of("key.created").map(({ data }: { data: { key: Made } }) => data.key.id));
    await until(() => arrived().size === made.length, "all of them");
    expect([...arrived()].toSorted()).toEqual(made.map(({ id }) => id).toSorted());
    for (const { body, headers } of receiver.received) new Webhook(secret).verify(body, headers);
    const [one] = made;
    runBinary(["keys", "revoke", one?.id ?? ""], { cwd });
    await until(() => receiver.of("key.revoked").length === 1, "what the command line did");
    expect(await second.end()).toBe(0);
    expect(second.stderr()).not.toContain(secret);
    await receiver.stop();
  }, 60_000);

  test("do not hold up a stop, and are made again after it", async () => {
    const cwd = emptyFolder();
    folders.push(cwd);
    const silent = startReceiver();
    silent.answer = () => new Promise(() => {});
    const first = await startBinary({ cwd, env });
    const key = first.managementKey ?? "";
    await make(first, key, "/webhooks", { url: silent.url });
    await make(first, key, "/api-keys", { label: "x" });
    await until(() => silent.received.length === 1, "the try that gets no answer");
    expect(await first.end()).toBe(0);
    silent.answer = undefined;
    const second = await startBinary({ cwd, env });
    await until(() => silent.received.length === 2, "the next try");
    const ids = silent.received.map(({ headers }) => headers["webhook-id"]);
    expect(ids[0]).toBe(ids[1] ?? "");
    await second.end();
    await silent.stop();
  }, 60_000);
});
