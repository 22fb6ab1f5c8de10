import { afterAll, beforeAll, expect, test } from "bun:test";
import {
  emptyFolder,
  type RunningBinary,
  removeFolder,
  requireBinary,
  startBinary,
} from "../support/binary.ts";

const folder = emptyFolder();
const rounds = 4;
const clients = 16;

beforeAll(requireBinary);
afterAll(() => removeFolder(folder));

interface Try {
  name: string;
  /** What was answered before the kill; undefined when nothing was. */
  first?: string;
}

test("the same Idempotency-Key before and after a kill has one effect and one answer", async () => {
  let server = await startBinary({ cwd: folder });
  const managementKey = server.managementKey ?? "";
  const key = await makeKey(server, managementKey);
  const charge = async (running: RunningBinary, name: string): Promise<string> => {
    const response = await fetch(`${running.url}/v1/keys/verify`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${managementKey}`,
        "content-type": "application/json",
        "idempotency-key": name,
      },
      // No request id: the Idempotency-Key alone tells a repeated charge from another.
      body: JSON.stringify({ key, cost: 0.01, subject: name }),
    });
    expect(response.status).toBe(200);
    return response.text();
  };
  const tries: Try[] = [];
  for (let round = 0; round < rounds; round++) {
    const running = server;
    const enough = Promise.withResolvers<void>();
    let answered = 0;
    const sending = Array.from({ length: clients }, async (_, client) => {
      for (let at = 0; ; at++) {
        const one: Try = { name: `charge ${round} ${client} ${at}` };
        tries.push(one);
        one.first = await charge(running, one.name);
        if (++answered === clients * (round + 1)) enough.resolve();
      }
    });
    const ended = Promise.allSettled(sending);
    await enough.promise;
    await running.end("SIGKILL");
    await ended;
    server = await startBinary({ cwd: folder });
    const after = server;
    const ofRound = tries.filter(({ name }) => name.startsWith(`charge ${round} `));
    await Promise.all(
      ofRound.map(async (one) => {
        const again = await charge(after, one.name);
        if (one.first !== undefined) expect(again).toBe(one.first);
        one.first = again;
      }),
    );
  }
  expect(tries.some(({ first }) => first?.includes('"charged":0.01'))).toBe(true);
  const charged = await subjectsOf(server, managementKey);
  const answered = tries.filter(({ first }) => first !== undefined).map(({ name }) => name);
  expect(charged.toSorted()).toEqual(answered.toSorted());
  await server.end();
}, 60_000);

async function makeKey(server: RunningBinary, managementKey: string): Promise<string> {
  const made = await server.call("/api-keys", {
    key: managementKey,
    body: { label: "charged", plan: "unlimited" },
  });
  const granted = await server.call("/organizations/default/credits", {
    key: managementKey,
    body: { kind: "grant", amount: 1_000 },
  });
  expect([made.status, granted.status]).toEqual([201, 201]);
  return ((await made.json()) as { secret: string }).secret;
}

/** What every charge of the ledger was for, one for each. */
async function subjectsOf(server: RunningBinary, managementKey: string): Promise<string[]> {
  const path = "/organizations/default/ledger/export?kind=charge";
  const text = await (await server.call(path, { key: managementKey })).text();
  return text
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as { subject: string }).subject);
}
