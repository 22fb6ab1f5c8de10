import { DomainError, invalidField } from "../core/errors.ts";
import type { Alongside } from "../db/client.ts";
import { isForeignKeyViolation } from "../db/database-error.ts";
import type { ScopeWords } from "../dialects/dialect.ts";
import type { Actor } from "../organizations/actor.ts";
import { findMember } from "../organizations/member-store.ts";
import { newKey } from "./create-key.ts";
import { describeKey } from "./describe-key.ts";
import type { ImportLine, ImportReport } from "./import-schemas.ts";
import {
  findKnownHashes,
  type ImportedRow,
  insertImported,
  isTakenSecret,
} from "./import-store.ts";
import { ownerOfImportedKey } from "./key-rights.ts";
import type { KeysContext } from "./keys-context.ts";
import { labelOf, type ReadKey, readImport } from "./read-import.ts";

/** Keys between two turns of the event loop: some milliseconds, in which requests wait. */
const keysOfTurn = 20;
/** Tries against another process that imports the same secrets at the same time. */
const attemptsMax = 3;

interface Importing {
  keys: readonly unknown[];
  dryRun: boolean;
  actor: Actor;
  /** The index of the first key, when these are some of many. */
  firstIndex?: number;
  /** What goes into the same transaction, told what will be answered. */
  alongside?: (report: ImportReport) => Alongside;
}

interface Named {
  index: number;
  label: string | null;
}

/** What became of one key so far: read, or refused. */
type Read = Named & ({ key: ReadKey } | { refusal: DomainError });
type Judged = Named & ({ row: ImportedRow } | { refusal: DomainError });

/**
 * Makes keys of the secrets and digests of another service. Each is held to the rules of a new key; one
 * that is refused keeps no other out, and all others are made in one transaction, with an entry in the
 * audit log for each. A dry run does all of it but the writing.
 */
export async function importKeys(
  context: KeysContext,
  { keys, dryRun, actor, firstIndex = 0, alongside = () => [] }: Importing,
): Promise<ImportReport> {
  const { scopeWords } = context;
  const read = await mapInTurns(keys, (given, at) => {
    const index = firstIndex + at;
    return readOne(given, { index, scopeWords });
  });
  if (dryRun) return reportOf(await judgeAll(context, read, actor), dryRun);
  const commit = () =>
    context.audit.record({
      actor,
      build: async (now) => {
        const judged = await judgeAll(context, read, now);
        const report = reportOf(judged, dryRun);
        const rows = judged.flatMap((each) => ("row" in each ? [each.row] : []));
        const nowMs = context.clock.nowMs();
        const made = insertImported(context.db, rows, { nowMs, createdBy: now.id });
        const [entry, ...furtherEntries] = rows.map((row) => entryOf(context, row));
        // With nothing to import there is nothing to record: the change is empty.
        return {
          change: made.change,
          entry: entry ?? nothingToRecord,
          furtherEntries,
          alongside: [...made.events, ...alongside(report)],
          result: report,
        };
      },
    });
  const report = await retried(commit);
  if (report.imported > 0) context.noteImported();
  return report;
}

function readOne(
  given: unknown,
  { index, scopeWords }: { index: number; scopeWords: ScopeWords | undefined },
): Read {
  const label = labelOf(given);
  try {
    return { index, label, key: readImport(given, scopeWords) };
  } catch (error) {
    return { index, label, refusal: asRefusal(error) };
  }
}

/** Holds the keys against the database and the actor, in their order. */
async function judgeAll(
  context: KeysContext,
  read: readonly Read[],
  actor: Actor,
): Promise<Judged[]> {
  const rowsOf = ({ digest, secret, keyPrefix }: ReadKey, keyId: string) =>
    context.importedRow({ keyId, digest, secret, keyPrefix, nowMs: context.clock.nowMs() });
  const known = await findKnownHashes(
    context.db,
    read.flatMap((each) => ("key" in each ? [rowsOf(each.key, "")] : [])),
  );
  const firstOf = new Map<string, number>();
  return mapInTurns(read, async (each) => {
    if ("refusal" in each) return each;
    const { index, label, key: given } = each;
    try {
      requireOnce(firstOf, given.digest, index);
      const key = await rowOfKey(context, given, actor);
      const secret = rowsOf(given, key.key.id);
      if (known.has(secret.hash) || known.has(secret.importHash ?? "")) throw knownAlready();
      return { index, label, row: { ...key, secret } };
    } catch (error) {
      return { index, label, refusal: asRefusal(error) };
    }
  });
}

async function rowOfKey(
  context: KeysContext,
  { fields, keyPrefix }: ReadKey,
  actor: Actor,
): Promise<Omit<ImportedRow, "secret">> {
  const { user_id: named, ...input } = fields;
  const userId = ownerOfImportedKey(actor, { type: input.type ?? "workspace", userId: named });
  if (userId !== null && userId !== actor.userId) {
    const member = await findMember(context.db, actor.organizationId, userId);
    if (member === undefined) throw invalidField("user_id", "No such member.");
  }
  const { hats, ...row } = await newKey(context, { input, actor, userId });
  return { key: { ...row, keyPrefix }, hats };
}

function requireOnce(firstOf: Map<string, number>, digest: string, index: number): void {
  const first = firstOf.get(digest);
  if (first === undefined) firstOf.set(digest, index);
  else throw new DomainError("conflict", `The same secret as that of key ${first} of this import.`);
}

/** The same for one's own keys and for another tenant's: nobody learns whose secret it is. */
function knownAlready(): DomainError {
  return new DomainError("conflict", "This secret cannot be imported: it was before.");
}

function entryOf({ clock }: KeysContext, { key, hats }: ImportedRow) {
  const stored = { key, hats, lastUsedAtMs: null, requestsTotal: 0, previous: null };
  return {
    action: "key.imported" as const,
    targetId: key.id,
    organizationId: key.organizationId,
    changes: { before: null, after: describeKey(stored, clock.nowMs()) },
  };
}

const nothingToRecord = {
  action: "key.imported" as const,
  targetId: "",
  organizationId: null,
  changes: { before: {}, after: {} },
};

function reportOf(judged: readonly Judged[], dryRun: boolean): ImportReport {
  const data = judged.map((each) => lineOf(each, dryRun));
  const count = (status: ImportLine["status"]) =>
    data.filter((line) => line.status === status).length;
  return {
    data,
    imported: count("imported"),
    would_import: count("would_import"),
    refused: count("refused"),
    dry_run: dryRun,
  };
}

function lineOf(judged: Judged, dryRun: boolean): ImportLine {
  const { index, label } = judged;
  if ("row" in judged) {
    const made = dryRun
      ? { status: "would_import" as const, id: null }
      : { status: "imported" as const, id: judged.row.key.id };
    return { index, label, ...made, code: null, message: null, param: null };
  }
  const { code, message, options } = judged.refusal;
  const param = options.param ?? null;
  return { index, label, status: "refused", id: null, code, message, param };
}

/** What is wrong with one key is in its line; what is wrong with the database is everybody's. */
function asRefusal(error: unknown): DomainError {
  if (error instanceof DomainError && error.status < 500) return error;
  throw error;
}

async function retried<T>(commit: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await commit();
    } catch (error) {
      if (isForeignKeyViolation(error)) throw wentMeanwhile();
      // Another process was faster: the next look finds its keys.
      if (!isTakenSecret(error) || attempt >= attemptsMax) throw error;
    }
  }
}

function wentMeanwhile(): DomainError {
  const message = "A plan, hat or user went while the keys were imported. Nothing was: try again.";
  return new DomainError("conflict", message);
}

/** One after the other, with turns of the event loop between: a thousand at once would hold up requests. */
async function mapInTurns<From, To>(
  list: readonly From[],
  map: (each: From, index: number) => To | Promise<To>,
): Promise<To[]> {
  const mapped: To[] = [];
  for (const [index, each] of list.entries()) {
    if (index > 0 && index % keysOfTurn === 0) {
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
    mapped.push(await map(each, index));
  }
  return mapped;
}
