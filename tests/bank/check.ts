import { openFile } from "../../src/db/client.ts";
import type { History } from "./history.ts";

/** Holds the file of a stopped server against what its clients were told. Returns every fault. */
export async function checkBank(databasePath: string, history: History): Promise<string[]> {
  const client = openFile(databasePath, 5_000);
  const rows = async (sql: string) => (await client.execute(sql)).rows;
  const faults: string[] = [];
  try {
    const entries = await rows("SELECT * FROM ledger ORDER BY sequence");
    const byRequest = new Map<string, number>();
    const byHold = new Map<string, number>();
    const balances = new Map<string, number>();
    for (const entry of entries) {
      const organization = String(entry["organization_id"]);
      const amount = Number(entry["amount_micros"]);
      const balance = (balances.get(organization) ?? 0) + amount;
      balances.set(organization, balance);
      if (balance < 0) faults.push(`${organization} was at ${balance}`);
      if (balance !== Number(entry["balance_micros"])) {
        faults.push(`${entry["id"]} says ${entry["balance_micros"]} where the sum is ${balance}`);
      }
      if (entry["kind"] !== "charge") continue;
      if (entry["hold_id"] !== null) {
        const hold = String(entry["hold_id"]);
        if (byHold.has(hold)) faults.push(`${hold} was settled twice`);
        byHold.set(hold, -amount);
        continue;
      }
      const request = String(entry["request_id"]);
      if (byRequest.has(request)) faults.push(`${request} was charged twice`);
      byRequest.set(request, -amount);
    }
    for (const { requestId, micros, fate } of history.charges.values()) {
      const charged = byRequest.get(requestId);
      if (fate === "acknowledged" && charged !== micros) {
        faults.push(`${requestId} was acknowledged at ${micros} and charged at ${charged}`);
      }
      if (fate === "refused" && charged !== undefined)
        faults.push(`${requestId} was refused and charged`);
    }
    for (const request of byRequest.keys()) {
      if (!history.charges.has(request)) faults.push(`${request} was charged and never sent`);
    }
    for (const { holdId, micros, fate } of history.settlements) {
      const charged = byHold.get(holdId) ?? 0;
      if (fate === "acknowledged" && charged !== micros) {
        faults.push(`${holdId} was settled at ${micros} and charged at ${charged}`);
      }
      if (fate === "refused" && charged !== 0) faults.push(`${holdId} was refused and charged`);
    }
    for (const account of await rows("SELECT * FROM accounts")) {
      const id = String(account["organization_id"]);
      const sum = balances.get(id) ?? 0;
      if (sum !== Number(account["balance_micros"])) {
        faults.push(`${id} has ${account["balance_micros"]} where its ledger adds up to ${sum}`);
      }
    }
    faults.push(...(await checkGrants(rows, history)));
    faults.push(...(await checkHoldsAndLimits(rows)));
    faults.push(...(await checkUsage(rows)));
    const [integrity] = await rows("PRAGMA integrity_check");
    if (integrity?.[0] !== "ok") faults.push(`integrity_check says ${integrity?.[0]}`);
  } finally {
    client.close();
  }
  return faults;
}

type Query = (sql: string) => Promise<readonly Record<string, unknown>[]>;

async function checkGrants(rows: Query, history: History): Promise<string[]> {
  const sums = await rows(
    "SELECT organization_id AS id, sum(amount_micros) AS micros FROM ledger WHERE kind = 'grant' GROUP BY 1",
  );
  const granted = new Map(sums.map((row) => [String(row["id"]), Number(row["micros"])]));
  return [...history.granted].flatMap(([id, { acknowledged, unknown }]) => {
    const micros = granted.get(id) ?? 0;
    const isRight = micros >= acknowledged && micros <= acknowledged + unknown;
    return isRight
      ? []
      : [`${id} was granted ${micros}, of ${acknowledged} to ${acknowledged + unknown}`];
  });
}

/** Usage by key, as far as it is rolled up and the rest from the ledger, is the sum of the key's charges. */
async function checkUsage(rows: Query): Promise<string[]> {
  const faults: string[] = [];
  const [progress] = await rows(`
    SELECT ledger_sequence AS cursor, max(minute_from_ms, hour_from_ms) AS floor,
      (SELECT min(at_ms) FROM ledger) AS oldest FROM usage_cursor`);
  if (Number(progress?.["cursor"]) === 0) faults.push("Usage was never rolled up");
  if (Number(progress?.["floor"]) > Number(progress?.["oldest"]))
    faults.push("Usage is not all kept");
  for (const interval of ["minute", "hour", "day"]) {
    const wrong = await rows(`
      SELECT key_id AS id, sum(charges) AS charges, sum(micros) AS micros FROM (
        SELECT key_id, charges, cost_micros AS micros FROM usage_rollups WHERE interval = '${interval}'
        UNION ALL
        SELECT key_id, 1, -amount_micros FROM ledger
        WHERE kind = 'charge' AND sequence > ${progress?.["cursor"]}
        UNION ALL
        SELECT key_id, -1, amount_micros FROM ledger WHERE kind = 'charge')
      GROUP BY key_id HAVING sum(charges) <> 0 OR sum(micros) <> 0`);
    faults.push(
      ...wrong.map(
        ({ id, charges, micros }) => `${id} is off by ${charges} charges, ${micros} a ${interval}`,
      ),
    );
  }
  return faults;
}

async function checkHoldsAndLimits(rows: Query): Promise<string[]> {
  const held = await rows(`
    SELECT organization_id AS id, held_micros AS held, (
      SELECT coalesce(sum(amount_micros), 0) FROM holds
      WHERE holds.organization_id = accounts.organization_id AND state = 'open') AS open
    FROM accounts WHERE held <> open`);
  const over = await rows(`
    SELECT keys.id AS id, keys.spend_limit_micros AS most, -sum(ledger.amount_micros) AS spent
    FROM keys JOIN ledger ON ledger.key_id = keys.id AND ledger.kind = 'charge'
    WHERE keys.spend_limit_micros IS NOT NULL GROUP BY keys.id HAVING spent > most`);
  const spends = await rows(`
    SELECT spender_id AS id, total_micros AS total, (
      SELECT coalesce(-sum(amount_micros), 0) FROM ledger
      WHERE key_id = spender_id AND kind = 'charge') AS spent
    FROM spends WHERE spender_id LIKE 'key_%' AND total <> spent`);
  const open = await rows("SELECT id FROM holds WHERE state = 'open'");
  return [
    ...held.map((row) => `${row["id"]} holds ${row["held"]} where open holds are ${row["open"]}`),
    ...over.map((row) => `${row["id"]} spent ${row["spent"]} of ${row["most"]}`),
    ...spends.map(
      (row) => `${row["id"]} counts ${row["total"]} where its charges are ${row["spent"]}`,
    ),
    ...open.map((row) => `${row["id"]} is open past its end`),
  ];
}
