import { beforeAll, expect, test } from "bun:test";
import { runBank } from "../bank/run-bank.ts";
import { requireBinary } from "../support/binary.ts";

beforeAll(requireBinary);

test("no charge is lost, doubled or beyond the credits, whatever clients do and however often the server is killed", async () => {
  const seed = crypto.getRandomValues(new Uint32Array(1))[0] ?? 1;
  console.log(`seed ${seed}`);
  const report = await runBank({
    seed,
    seconds: 5,
    kills: 3,
    clients: 64,
    organizations: 20,
    keys: 200,
  });
  expect(report.faults).toEqual([]);
  expect(report.charges).toBeGreaterThan(0);
  expect(report.kills).toBe(3);
}, 60_000);
