import { readFileSync, statSync } from "node:fs";
import { parseCsv } from "./parse-csv.ts";
import { CommandError } from "./report.ts";

/** Bytes of a file to import. */
export const importFileBytesMax = 268_435_456;

/** What a cell of a column means; the fields of a key that are no columns have a column a part. */
const columns = new Map<string, (cell: string) => object>(
  Object.entries({
    ...ofText("secret", "sha256", "label", "description", "type", "environment", "workspace_id"),
    ...ofText("user_id", "preset", "plan", "spend_limit_reset", "expires_at"),
    ...ofWords("scopes", "hats", "allowed_models", "allowed_providers", "ip_allowlist"),
    spend_limit: (cell: string) => ({ spend_limit: numberOf(cell) }),
    expires_in_seconds: (cell: string) => ({ expires_in_seconds: numberOf(cell) }),
    requests_per_minute: (cell: string) => ({ limits: { requests_per_minute: numberOf(cell) } }),
    requests_per_day: (cell: string) => ({ limits: { requests_per_day: numberOf(cell) } }),
    concurrent_requests: (cell: string) => ({ limits: { concurrent_requests: numberOf(cell) } }),
    enabled: (cell: string) => ({ enabled: truthOf(cell) }),
    metadata: (cell: string) => ({ metadata: jsonOf(cell) ?? cell }),
  }),
);

/** The columns that a CSV may have. */
export const importColumns = [...columns.keys()];

/** The keys of a file, as the API takes them; `-` is stdin. Nothing of the file is repeated in an error. */
export function readImportFile(
  file: string,
  workspaceId: string | undefined,
): { keys: unknown[]; dryRun: boolean } {
  const { keys, dryRun } = parse(readText(file));
  if (keys.length === 0) throw new CommandError("The file holds no keys.", 2);
  if (workspaceId === undefined) return { keys, dryRun };
  const inWorkspace = (key: unknown) =>
    isObject(key) && !("workspace_id" in key) ? { ...key, workspace_id: workspaceId } : key;
  return { keys: keys.map(inWorkspace), dryRun };
}

function readText(file: string): string {
  const isStdin = file === "-";
  if (!isStdin && (statSync(file, { throwIfNoEntry: false })?.size ?? 0) > importFileBytesMax) {
    throw new CommandError(`The file is larger than ${importFileBytesMax} bytes.`, 2);
  }
  try {
    return readFileSync(isStdin ? 0 : file, "utf8").replace(/^\uFEFF/, "");
  } catch (error) {
    const { code } = error as { code?: unknown };
    throw new CommandError(`Cannot read ${isStdin ? "stdin" : file}: ${String(code)}.`, 2);
  }
}

function parse(text: string): { keys: unknown[]; dryRun: boolean } {
  const start = text.trimStart()[0];
  if (start !== "{" && start !== "[") return { keys: keysOfTable(text), dryRun: false };
  const whole = jsonOf(text);
  if (Array.isArray(whole)) return { keys: whole, dryRun: false };
  if (isObject(whole) && Array.isArray(whole["keys"])) {
    return { keys: whole["keys"], dryRun: whole["dry_run"] === true };
  }
  if (start === "[") throw new CommandError("The file begins like JSON, and is none.", 2);
  return { keys: keysOfLines(text), dryRun: false };
}

function keysOfLines(text: string): unknown[] {
  return text.split("\n").flatMap((line, at) => {
    if (line.trim() === "") return [];
    const value = jsonOf(line);
    if (!isObject(value)) throw new CommandError(`Line ${at + 1} is no JSON object.`, 2);
    return [value];
  });
}

function keysOfTable(text: string): unknown[] {
  const [header = [], ...rows] = parseCsv(text);
  const readers = header.map((name, at) => {
    const reader = columns.get(name.trim());
    // Not by its name: in a table without a header that is a secret.
    if (reader === undefined) {
      throw new CommandError(`Column ${at + 1} of the first line has no known name.`, 2);
    }
    return reader;
  });
  return rows.map((cells, at) => {
    if (cells.length > readers.length) {
      throw new CommandError(`Row ${at + 1} has more columns than the first line names.`, 2);
    }
    return keyOf(cells, readers);
  });
}

/** An empty cell is an absent field. */
function keyOf(cells: readonly string[], readers: readonly ((cell: string) => object)[]): object {
  const key: Record<string, unknown> = {};
  for (const [at, cell] of cells.entries()) {
    const read = cell === "" ? undefined : readers[at];
    for (const [field, value] of Object.entries(read?.(cell) ?? {})) {
      const before = key[field];
      key[field] = isObject(before) && isObject(value) ? { ...before, ...value } : value;
    }
  }
  return key;
}

function ofText(...names: string[]) {
  return Object.fromEntries(names.map((name) => [name, (cell: string) => ({ [name]: cell })]));
}

function ofWords(...names: string[]) {
  const words = (cell: string) => cell.split(/\s+/).filter((word) => word !== "");
  return Object.fromEntries(
    names.map((name) => [name, (cell: string) => ({ [name]: words(cell) })]),
  );
}

/** What is no number stays a text, which the check of the key refuses by the field's name. */
function numberOf(cell: string): number | string {
  return /^-?\d+(\.\d+)?$/.test(cell.trim()) ? Number(cell) : cell;
}

function truthOf(cell: string): boolean | string {
  const word = cell.trim().toLowerCase();
  if (word === "true" || word === "1") return true;
  return word === "false" || word === "0" ? false : cell;
}

/** The value; undefined for what is no JSON, whose error would repeat a piece of it. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
