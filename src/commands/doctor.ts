import { accessSync, constants, existsSync, statfsSync, statSync } from "node:fs";
import { Command } from "commander";
import { verifyChain } from "../audit/audit-store.ts";
import type { DataPaths } from "../config/load.ts";
import { isProven, proveAccounts } from "../credits/account-store.ts";
import { explainCharges } from "../credits/explain-charges.ts";
import { PasswordHasher } from "../crypto/password-hash.ts";
import { deriveSubkeys, readRootKey } from "../crypto/root-key.ts";
import { migrationState } from "../db/migrate.ts";
import { findRootKeyId } from "../organizations/setup-store.ts";
import { findUsageFault } from "../usage/usage-proof-store.ts";
import { type CommandContext, withJson } from "./command-context.ts";
import { type CommandDatabase, requireDatabase, withDatabase } from "./open-instance.ts";
import { CommandError, formatTable } from "./report.ts";

/** Less free space than this is a finding. */
const spaceMebibytesLeast = 64;

interface Finding {
  check: string;
  ok: boolean;
  detail: string;
}

/** `tollgate doctor`: everything about the data folder that can be wrong. Exit code 1 when something is. */
export function doctorCommand(context: CommandContext): Command {
  return withJson(new Command("doctor"))
    .description("check the database, the root key and the files")
    .action(async ({ json }) => {
      const findings = await examine(requireDatabase(context.paths()));
      const rows = findings.map(({ check, ok, detail }) => [ok ? "ok" : "FAILED", check, detail]);
      const text = formatTable(["RESULT", "CHECK", "DETAIL"], rows);
      context.output.out(json ? JSON.stringify({ findings }, null, 2) : text);
      const failed = findings.filter(({ ok }) => !ok).length;
      if (failed > 0) throw new CommandError(`${failed} of ${findings.length} checks failed.`);
    });
}

async function examine(paths: DataPaths): Promise<Finding[]> {
  const addons = await finding("addons", examineAddons);
  const inDatabase = await withDatabase(paths, async (db) => {
    const findings = [
      await finding("integrity", () => examineIntegrity(db)),
      await finding("references", () => examineReferences(db)),
      await finding("migrations", () => examineMigrations(db)),
      await finding("root key", () => examineRootKey(db, paths)),
      await finding("audit log", () => examineAudit(db)),
      await finding("ledger", () => examineLedger(db)),
      await finding("prices", () => examinePrices(db)),
      await finding("usage", () => examineUsage(db)),
    ];
    await db.close();
    return findings;
  });
  const space = await finding("space", async () => examineSpace(paths));
  const files = [
    paths.folder,
    paths.database,
    `${paths.database}-wal`,
    `${paths.database}-shm`,
    paths.rootKey,
  ];
  return [addons, ...inDatabase, space, ...files.filter(existsSync).map(examineMode)];
}

type Result = Omit<Finding, "check">;

/** A check that cannot be made has failed; the others go on. */
async function finding(check: string, examineIt: () => Promise<Result>): Promise<Finding> {
  try {
    return { check, ...(await examineIt()) };
  } catch (error) {
    return { check, ok: false, detail: sentenceOf(error) };
  }
}

/** The text of a failed query says nothing to an operator; its cause does. */
function sentenceOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? cause.message : message;
}

async function examineIntegrity(db: CommandDatabase): Promise<Result> {
  const { rows } = await db.client.execute("PRAGMA integrity_check(10)");
  const faults = rows.map((row) => String(row[0]));
  return { ok: faults.length === 1 && faults[0] === "ok", detail: faults.join("; ") };
}

async function examineReferences(db: CommandDatabase): Promise<Result> {
  const { rows } = await db.client.execute("PRAGMA foreign_key_check");
  const ok = rows.length === 0;
  return {
    ok,
    detail: ok ? "every row points at one that is there" : `${rows.length} rows point at nothing`,
  };
}

async function examineMigrations(db: CommandDatabase): Promise<Result> {
  const { applied, pending } = await migrationState(db.client);
  const ok = pending.length === 0;
  const missing = `${pending.join(", ")} not applied: run 'tollgate migrate'`;
  return { ok, detail: ok ? `${applied.length} applied` : missing };
}

async function examineRootKey(db: CommandDatabase, paths: DataPaths): Promise<Result> {
  const subkeys = deriveSubkeys(readRootKey(paths.rootKey));
  const ok = subkeys.secretHash.id === (await findRootKeyId(db));
  return { ok, detail: ok ? "fits the database" : "is not the one of this database" };
}

async function examineAudit(db: CommandDatabase): Promise<Result> {
  const { rows, firstBroken } = await verifyChain(db);
  const broken = `row ${firstBroken} was changed, or does not follow the one before it`;
  return {
    ok: firstBroken === null,
    detail: firstBroken === null ? `${rows} rows in one chain` : broken,
  };
}

async function examineLedger(db: CommandDatabase): Promise<Result> {
  const proofs = await proveAccounts(db);
  const wrong = proofs.find((proof) => !isProven(proof));
  if (wrong === undefined) {
    return {
      ok: true,
      detail: `${proofs.length} accounts are the sums of their ledgers and holds`,
    };
  }
  const { organizationId, balanceMicros, sumMicros, heldMicros, holdsMicros } = wrong;
  const balance = `has ${balanceMicros} where its ledger adds up to ${sumMicros}`;
  const held = `holds ${heldMicros} where open holds are ${holdsMicros}`;
  return { ok: false, detail: `${organizationId} ${balance}, and ${held} (micro-USD)` };
}

async function examinePrices(db: CommandDatabase): Promise<Result> {
  const { charges, unexplained } = await explainCharges(db);
  const ok = unexplained.length === 0;
  const wrong = `${unexplained.join(", ")}: not what their price and units come to`;
  return { ok, detail: ok ? `${charges} charges by price are what their prices say` : wrong };
}

async function examineUsage(db: CommandDatabase): Promise<Result> {
  const fault = await findUsageFault(db);
  if (fault === undefined) {
    return {
      ok: true,
      detail: "every minute, hour and day that is kept is the sum of its charges",
    };
  }
  const { organizationId, interval, startMs, keyId, extraCharges, extraMicros } = fault;
  const of = `the ${interval} ${new Date(startMs).toISOString()} of ${keyId} in ${organizationId}`;
  return {
    ok: false,
    detail: `${of} is off by ${extraCharges} charges and ${extraMicros} micro-USD`,
  };
}

/** Writes stop when the disk is full, revocations too. */
function examineSpace(paths: DataPaths): Result {
  accessSync(paths.folder, constants.W_OK);
  const { bavail, bsize } = statfsSync(paths.folder);
  const mebibytes = Math.floor((bavail * bsize) / 2 ** 20);
  return { ok: mebibytes >= spaceMebibytesLeast, detail: `${mebibytes} MiB are free` };
}

/** libSQL's addon has worked by now; argon2's proves itself on a password. */
async function examineAddons(): Promise<Result> {
  const hasher = new PasswordHasher();
  const ok = await hasher.verify(await hasher.hash("correct horse"), "correct horse");
  return { ok, detail: "libsql and argon2 work" };
}

function examineMode(path: string): Finding {
  const mode = statSync(path).mode & 0o777;
  const ok = (mode & 0o077) === 0;
  const shown = mode.toString(8).padStart(4, "0");
  const detail = ok ? `${path} is ${shown}` : `${path} is ${shown}; run: chmod go-rwx ${path}`;
  return { check: "file mode", ok, detail };
}
