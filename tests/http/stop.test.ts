import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { startTestApp } from "../support/test-app.ts";

const funded = 1_000;

test("a stop amid charges and changes answers each call, with 503 or with what is then in the file", async () => {
  const app = await startTestApp();
  const key = await app.newKey({ limits: { requests_per_minute: 100_000 } });
  const body = { kind: "grant", amount: funded };
  await app.manage("/organizations/default/credits", { body });
  const charge = (at: number) =>
    app.manage("/v1/keys/verify", {
      body: { key: key.secret, cost: 1, request_id: `request-${at}` },
    });
  const calls: (() => Promise<{ status: number }>)[] = [
    () => app.call("/key", { key: key.secret }),
    () => app.manage("/organizations/default/ledger"),
    () => app.manage("/api-keys", { body: { label: "amid a stop" } }),
  ];
  const others: Promise<{ status: number }>[] = [];
  const charges: ReturnType<typeof charge>[] = [];
  const askAll = () => {
    for (let at = 0; at < 20; at++) {
      charges.push(charge(charges.length));
      others.push(...calls.map((call) => call()));
    }
  };
  askAll();
  await charges[0];
  // These are under way, and the sweeper's and roller's timers run, when it begins.
  askAll();
  const sweeping = app.services.sweeper.sweep().catch((error: unknown) => error);
  const stopping = app.services.stop();
  askAll();
  expect(await stopping).toBe(true);
  await sweeping;
  askAll();

  const answers = await Promise.all(charges);
  const charged = answers.filter(({ status, body: answer }) => status === 200 && answer.valid);
  const statuses = [...answers, ...(await Promise.all(others))].map(({ status }) => status);
  expect(new Set(statuses.filter((status) => ![200, 201].includes(status)))).toEqual(
    new Set([503]),
  );
  expect(charged.length).toBeGreaterThan(0);
  expect(app.logged.filter((line) => line.includes("internal_error"))).toEqual([]);

  const again = await startTestApp({ folder: app.folder });
  const proof = (await again.manage("/organizations/default/ledger/verify")).body;
  expect(proof.valid).toBe(true);
  const { balance } = (await again.manage("/organizations/default/credits")).body;
  expect(balance).toBe(funded - charged.length);
  const created = statuses.filter((status) => status === 201).length;
  const { data } = (await again.manage("/api-keys?limit=100")).body;
  const made = data.filter(({ label }: { label: string }) => label === "amid a stop");
  expect(made.length).toBeGreaterThanOrEqual(created);
  await again.stop({ keepFolder: true });
  rmSync(app.folder, { recursive: true, force: true });
});
