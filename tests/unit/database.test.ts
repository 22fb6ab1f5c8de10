import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DomainError } from "../../src/core/errors.ts";
import { createLogger } from "../../src/core/log.ts";
import {
  asFileError,
  type Database,
  openCommandDatabase,
  openFile,
  openServerDatabase,
} from "../../src/db/client.ts";
import {
  DatabaseFileError,
  databaseFailure,
  isUniqueViolation,
} from "../../src/db/database-error.ts";
import { InvalidationWatch } from "../../src/db/invalidation-watch.ts";
import { runMaintenance } from "../../src/db/maintenance.ts";
import { migrate, migrationState } from "../../src/db/migrate.ts";
import { migrations } from "../../src/db/migrations/index.ts";
import { invalidations } from "../../src/db/tables/index.ts";
import { setUpInstance } from "../../src/organizations/setup-store.ts";

let folder: string;
let path: string;
const open: { close(): unknown }[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tollgate-db-"));
  path = join(folder, "tollgate.db");
});
afterEach(async () => {
  for (const database of open.splice(0)) await database.close();
  rmSync(folder, { recursive: true, force: true });
});

const kept = <T extends { close(): unknown }>(database: T): T => {
  open.push(database);
  return database;
};

async function openMigrated(): Promise<Database> {
  const db = openCommandDatabase(path);
  await db.client.execute("PRAGMA journal_mode = WAL");
  await migrate(db.client, 0);
  await setUpInstance(db, { rootKeyId: "test", dialectName: "standard", nowMs: 0 });
  await db.close();
  return kept(
    await openServerDatabase(path, (error) => {
      throw error;
    }),
  );
}

const pragma = async (db: Database["lookup"], name: string) => {
  const { rows } = await db.$client.execute(`PRAGMA ${name}`);
  return rows[0]?.[0];
};

describe("connections", () => {
  test("every connection has WAL, synchronous=FULL and foreign keys", async () => {
    const db = await openMigrated();
    for (const connection of [db.lookup, db.read, db.write]) {
      expect(await pragma(connection, "journal_mode")).toBe("wal");
      expect(await pragma(connection, "synchronous")).toBe(2);
      expect(await pragma(connection, "foreign_keys")).toBe(1);
      expect(Number(await pragma(connection, "busy_timeout"))).toBeGreaterThan(0);
    }
  });

  test("calls at the same time stay on the one connection, so a pragma set on it holds", async () => {
    const client = kept(openFile(path, 100));
    await client.execute("PRAGMA cache_size = 7");
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => client.execute("PRAGMA cache_size")),
    );
    expect(new Set(answers.map(({ rows }) => rows[0]?.[0]))).toEqual(new Set([7]));
  });

  test("a batch is all or nothing, and its error says what was violated", async () => {
    const db = await openMigrated();
    const insert = (sequence: number) => db.write.insert(invalidations).values({ sequence });
    const attempt = await db.write
      .batch([insert(900), insert(900)])
      .catch((error: unknown) => error);
    expect(isUniqueViolation(attempt)).toBe(true);
    const rows = await db.read.select().from(invalidations);
    expect(rows.some(({ sequence }) => sequence === 900)).toBe(false);
  });

  test("data_version changes with another connection's commit and not without", async () => {
    const db = await openMigrated();
    const before = await db.dataVersion();
    expect(await db.dataVersion()).toBe(before);
    await db.write.insert(invalidations).values({ keyId: "key_1" });
    expect(await db.dataVersion()).not.toBe(before);
  });

  test("a write that meets a held lock waits for it; one that waits too long is 503", async () => {
    const db = await openMigrated();
    const other = kept(openFile(path, 1_000));
    const held = await other.transaction("write");
    const patient = db.write.insert(invalidations).values({ keyId: "key_1" });
    const outcome = patient.then(() => "written");
    setTimeout(() => held.close(), 300);
    expect(await outcome).toBe("written");

    // What was acknowledged is in the file, for everybody to see, and no lock is left behind.
    const seen = await other.execute("SELECT key_id FROM invalidations");
    expect(seen.rows.map((row) => row[0])).toEqual(["key_1"]);
    const again = await other.transaction("write");
    const failure = await db.write
      .insert(invalidations)
      .values({ keyId: "key_2" })
      .then(
        () => undefined,
        (error: unknown) => databaseFailure(error),
      );
    again.close();
    expect(failure).toBeInstanceOf(DomainError);
    expect([failure?.status, failure?.code]).toEqual([503, "database_busy"]);
    await db.write.insert(invalidations).values({ keyId: "key_3" });
    const rows = await db.read.select().from(invalidations);
    expect(rows.map(({ keyId }) => keyId)).toEqual(expect.arrayContaining(["key_1", "key_3"]));
    expect(rows.map(({ keyId }) => keyId)).not.toContain("key_2");
  }, 20_000);
});

describe("closing", () => {
  const outcomeOf = (call: Promise<unknown>) =>
    call.then(
      () => "done",
      (error: unknown) => databaseFailure(error)?.status ?? error,
    );

  test("does what was asked before, answers 503 to what comes after, and leaves nobody waiting", async () => {
    const db = await openMigrated();
    const insert = (sequence: number) => db.write.insert(invalidations).values({ sequence });
    const before = Array.from({ length: 50 }, (_, at) => outcomeOf(insert(1_000 + at).execute()));
    const closing = db.close();
    const meanwhile = [db.read, db.lookup].map((one) => outcomeOf(one.run("SELECT 1").execute()));
    await closing;
    expect(new Set(await Promise.all(before))).toEqual(new Set(["done"]));
    expect(await Promise.all(meanwhile)).toEqual([503, "done"]);
    const after = [db.read, db.write, db.lookup].map((one) =>
      outcomeOf(one.run("SELECT 1").execute()),
    );
    expect(await Promise.all(after)).toEqual([503, 503, 503]);
    await db.close();
    const file = kept(openFile(path, 1_000));
    const { rows } = await file.execute(
      "SELECT count(*) FROM invalidations WHERE sequence >= 1000",
    );
    expect(rows[0]?.[0]).toBe(50);
  });
});

describe("migrations", () => {
  test("the embedded list is the folder's, in its order", async () => {
    const files = [...new Bun.Glob("*.sql").scanSync("src/db/migrations")].toSorted();
    expect(migrations.map(({ name }) => `${name}.sql`)).toEqual(files);
    for (const { name, sql: text } of migrations) {
      expect(text).toBe(await Bun.file(`src/db/migrations/${name}.sql`).text());
    }
  });

  test("they are applied once", async () => {
    const client = kept(openFile(path, 0));
    expect(await migrate(client, 1)).toEqual(migrations.map(({ name }) => name));
    expect(await migrate(client, 2)).toEqual([]);
    expect((await migrationState(client)).pending).toEqual([]);
  });

  test("one that fails takes the others of its start back", async () => {
    const client = kept(openFile(path, 0));
    const broken = [
      ...migrations,
      { name: "9999_broken", sql: "CREATE TABLE a (b);--> statement-breakpoint\nSELEC" },
    ];
    expect(migrate(client, 1, broken)).rejects.toThrow();
    await Bun.sleep(0);
    expect((await client.execute("SELECT count(*) FROM sqlite_schema")).rows[0]?.[0]).toBe(0);
  });

  test("a database with a migration that this binary lacks is refused", async () => {
    const client = kept(openFile(path, 0));
    await migrate(client, 1, [...migrations, { name: "9999_future", sql: "CREATE TABLE a (b)" }]);
    expect(migrate(client, 2)).rejects.toThrow("newer than this binary");
  });

  test("another program's database is refused, and a file that is none", async () => {
    const client = kept(openFile(path, 0));
    await client.execute("CREATE TABLE theirs (a)");
    expect(migrate(client, 1)).rejects.toThrow(DatabaseFileError);
    const text = join(folder, "text.db");
    writeFileSync(text, "not a database at all, just some text that is long enough");
    let failure: unknown;
    try {
      const other = kept(openFile(text, 0));
      await migrate(other, 1);
    } catch (error) {
      failure = asFileError(text, error);
    }
    expect(String(failure)).toContain("is not a database");
  });
});

describe("invalidation", () => {
  const watching = async (db: Database) => {
    const seen: string[] = [];
    const target = {
      invalidate: (keyId: string) => seen.push(keyId),
      invalidateOrganization: (id: string) => seen.push(id),
      invalidateAll: () => seen.push("all"),
    };
    const log = createLogger(
      "error",
      () => 0,
      () => {},
    );
    const watch = new InvalidationWatch(db, log, target);
    await watch.start();
    await watch.stop();
    return { seen, watch };
  };

  test("another process's change of a key names the key, one of a plan everything", async () => {
    const db = await openMigrated();
    const { seen, watch } = await watching(db);
    const other = kept(openFile(path, 1_000));
    await other.execute(
      "INSERT INTO keys (id, organization_id, workspace_id, type, environment, label, scopes, metadata, key_prefix, created_at_ms, created_by, updated_at_ms) SELECT 'key_1', organization_id, id, 'workspace', 'live', 'x', '[]', '{}', 'p', 0, 'cli', 0 FROM workspaces",
    );
    await watch.check();
    expect(seen).toEqual([]);
    await other.execute("UPDATE keys SET enabled = 0 WHERE id = 'key_1'");
    await watch.check();
    expect(seen).toEqual(["key_1"]);
    await other.execute("UPDATE plans SET requests_per_minute = 1 WHERE slug = 'free'");
    await watch.check();
    await watch.check();
    expect(seen).toEqual(["key_1", "all"]);
  });

  test("more changes than are read at once, or a gap in them, drop everything", async () => {
    const db = await openMigrated();
    const { seen, watch } = await watching(db);
    const rows = Array.from({ length: 1_500 }, () => ({ keyId: "k" }));
    await db.write.insert(invalidations).values(rows);
    await watch.check();
    expect(seen).toEqual(["all"]);
    await db.write.insert(invalidations).values({ sequence: 5_000, keyId: "late" });
    await watch.check();
    expect(seen).toEqual(["all", "all"]);
  });

  test("maintenance keeps the newest rows only", async () => {
    const db = await openMigrated();
    await db.write.insert(invalidations).values([{ sequence: 1 }, { sequence: 20_000 }]);
    await runMaintenance(db, 0);
    const rows = await db.read.select().from(invalidations);
    expect(rows.map(({ sequence }) => sequence)).toEqual([20_000]);
  });
});
