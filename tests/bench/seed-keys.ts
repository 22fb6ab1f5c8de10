import { createFolder, openOrCreateInstance } from "../../src/commands/open-instance.ts";
import { dataPaths } from "../../src/config/load.ts";
import { systemClock } from "../../src/core/clock.ts";
import { newId } from "../../src/crypto/ids.ts";
import type { KeyedHash } from "../../src/crypto/keyed-hash.ts";
import { generateSecret, type KeyType } from "../../src/crypto/secret-format.ts";

/** Keys that go into one statement. */
const chunkKeys = 10_000;
/** So high that no run meets it, so that every answer carries every header. */
const limitOfSeeds = 1_000_000_000;

export interface Seeded {
  folder: string;
  /** One secret a line. */
  secretsFile: string;
  secretsCount: number;
  managementSecret: string;
  seconds: number;
}

/**
 * Fills a data folder with workspace keys, and one management key, in one transaction of plain SQL.
 * The secrets are real; those of the first `secretsKept` keys are written beside the database.
 */
export async function seedKeys(
  folder: string,
  { keys, secretsKept }: { keys: number; secretsKept: number },
): Promise<Seeded> {
  const startedMs = performance.now();
  const paths = dataPaths({ data: folder, rootKeyFile: "" });
  createFolder(folder);
  const { db, subkeys, actor } = await openOrCreateInstance(paths, systemClock, "standard");
  await db.client.execute("PRAGMA cache_size = -200000");
  const owner = { organizationId: actor.organizationId, workspaceId: actor.workspaceId };
  const kept: string[] = [];
  const transaction = await db.client.transaction("write");
  const management = newKeys(1, "management", subkeys.secretHash);
  await transaction.batch(insertStatements(management.rows, "management", owner));
  for (let made = 0; made < keys; made += chunkKeys) {
    const chunk = newKeys(Math.min(chunkKeys, keys - made), "workspace", subkeys.secretHash);
    await transaction.batch(insertStatements(chunk.rows, "workspace", owner));
    kept.push(...chunk.secrets.slice(0, secretsKept - kept.length));
  }
  await transaction.commit();
  await db.client.execute("PRAGMA wal_checkpoint(TRUNCATE)");
  await db.close();
  const secretsFile = `${folder}/bench-secrets.txt`;
  await Bun.write(secretsFile, `${kept.join("\n")}\n`);
  return {
    folder,
    secretsFile,
    secretsCount: kept.length,
    managementSecret: management.secrets[0] ?? "",
    seconds: (performance.now() - startedMs) / 1_000,
  };
}

type KeyValues = [id: string, hash: string, keyPrefix: string, pepperId: string, nowMs: number];

function newKeys(count: number, type: KeyType, secretHash: KeyedHash) {
  const nowMs = systemClock.nowMs();
  const secrets: string[] = [];
  const rows: KeyValues[] = [];
  for (let index = 0; index < count; index++) {
    const { secret, keyPrefix } = generateSecret(type, "live");
    secrets.push(secret);
    rows.push([newId("key", nowMs), secretHash.of(secret), keyPrefix, secretHash.id, nowMs]);
  }
  return { secrets, rows };
}

/** Two statements; the keys travel as one JSON text. */
function insertStatements(
  rows: KeyValues[],
  type: "workspace" | "management",
  owner: { organizationId: string; workspaceId: string },
) {
  const values = JSON.stringify(rows);
  const limit = type === "management" ? null : limitOfSeeds;
  const isOperator = type === "management" ? 1 : 0;
  const { organizationId, workspaceId } = owner;
  return [
    {
      sql: `INSERT INTO keys (id, organization_id, workspace_id, type, environment, label, scopes,
              requests_per_minute, requests_per_day, metadata, key_prefix, created_at_ms, created_by,
              updated_at_ms, instance_wide)
            SELECT value ->> 0, ?, ?, ?, 'live', 'benchmark key', '["*"]', ?, ?, '{}', value ->> 2,
              value ->> 4, 'system', value ->> 4, ? FROM json_each(?)`,
      args: [organizationId, workspaceId, type, limit, limit, isOperator, values],
    },
    {
      sql: `INSERT INTO secrets (hash, key_id, pepper_id, key_prefix, created_at_ms)
            SELECT value ->> 1, value ->> 0, value ->> 3, value ->> 2, value ->> 4 FROM json_each(?)`,
      args: [values],
    },
  ];
}
