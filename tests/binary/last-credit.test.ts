import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { postThroughGate } from "../support/arrival-gate.ts";
import {
  emptyFolder,
  type RunningBinary,
  removeFolder,
  requireBinary,
  startBinary,
} from "../support/binary.ts";

const connections = 64;
const folder = emptyFolder();
let server: RunningBinary;
let managementKey = "";

beforeAll(async () => {
  requireBinary();
  server = await startBinary({ cwd: folder });
  managementKey = server.managementKey ?? "";
});
afterAll(async () => {
  await server.end();
  removeFolder(folder);
});

async function make(path: string, body: object): Promise<{ secret: string; balance: number }> {
  const response = await server.call(path, { key: managementKey, body });
  expect(response.status).toBe(201);
  return (await response.json()) as { secret: string; balance: number };
}

async function codesOf(body: object): Promise<Record<string, number>> {
  const path = "/v1/keys/verify";
  const gate = { url: server.url, path, key: managementKey, body, connections };
  const codes: Record<string, number> = {};
  for (const verdict of (await postThroughGate(gate)) as { code: string }[]) {
    codes[verdict.code] = (codes[verdict.code] ?? 0) + 1;
  }
  return codes;
}

const balance = async () => {
  const path = "/organizations/default/credits";
  const response = await server.call(path, { key: managementKey });
  return ((await response.json()) as { balance: number }).balance;
};

describe("of 64 spends that arrive together, over as many connections", () => {
  test("exactly one gets the last credit", async () => {
    const { secret: key } = await make("/api-keys", { label: "x", plan: "unlimited" });
    await make("/organizations/default/credits", { kind: "grant", amount: 1 });
    expect(await codesOf({ key, cost: 1 })).toEqual({
      VALID: 1,
      INSUFFICIENT_CREDITS: connections - 1,
    });
    expect(await balance()).toBe(0);
  });

  test("exactly one gets the last of a spend limit", async () => {
    const limited = { label: "x", plan: "unlimited", spend_limit: 1 };
    const { secret: key } = await make("/api-keys", limited);
    await make("/organizations/default/credits", { kind: "grant", amount: 100 });
    expect(await codesOf({ key, cost: 1 })).toEqual({
      VALID: 1,
      SPEND_LIMIT_REACHED: connections - 1,
    });
    expect(await balance()).toBe(99);
  });
});
