import { median } from "./alternate.ts";
import type { Machine } from "./machine.ts";
import type { LoadRun } from "./processes.ts";

export interface Target {
  atLeast?: number;
  below?: number;
}

/** One line of the table. */
export interface Row {
  what: string;
  value: number | undefined;
  unit: "ratio" | "req/s" | "ms" | "MB" | "keys";
  target?: Target | undefined;
  /** Undefined when there is no target, or nothing was measured. */
  met?: boolean | undefined;
  notes: string[];
}

const widths = { what: 46, value: 12, target: 14 };
/** Below this share of a core the server waited for the load generator, and the figure says little. */
const busyMin = 0.9;

export const atLeast = (value: number): Target => ({ atLeast: value });
export const below = (value: number): Target => ({ below: value });

type RowMaker = (what: string, value: number | undefined, target?: Target, notes?: string[]) => Row;

const rowMaker =
  (unit: Row["unit"]): RowMaker =>
  (what, value, target, notes = []) => ({
    what,
    value,
    unit,
    target,
    met: value === undefined || target === undefined ? undefined : isMet(value, target),
    notes,
  });

export const ratio = rowMaker("ratio");
export const perSecond = rowMaker("req/s");
export const milliseconds = rowMaker("ms");
export const megabytes = rowMaker("MB");
export const count = rowMaker("keys");

/** What a reader must know about runs before believing them. */
export function runNotes(runs: LoadRun[]): string[] {
  const notes: string[] = [];
  for (const { failures } of runs) {
    for (const [reason, times] of Object.entries(failures)) notes.push(`${reason}: ${times}`);
  }
  const busy = runs.flatMap((run) => run.serverBusy ?? []);
  if (busy.length > 0 && median(busy) < busyMin) {
    notes.push(`the server used ${Math.round(median(busy) * 100)}% of its core`);
  }
  return notes;
}

/** The table, at most 80 columns. */
export function renderTable(machine: Machine, rows: Row[]): string {
  const { cpu, cores, memoryGiB, bun, isPinned } = machine;
  const lines = [
    `${cpu}, ${cores} cores, ${memoryGiB} GiB, Bun ${bun}`,
    isPinned ? "server on core 0, load generator on core 1" : "not pinned: no taskset, or one core",
    "",
    `${"what".padEnd(widths.what)}${"measured".padStart(widths.value)}${"target".padStart(widths.target)}`,
    "-".repeat(widths.what + widths.value + widths.target + 6),
  ];
  for (const row of rows) {
    const measured = row.value === undefined ? "n/a" : withUnit(row.value, row.unit);
    const verdict = row.met === undefined ? "" : row.met ? "  met" : "  MISS";
    const target = row.target === undefined ? "" : describeTarget(row.target, row.unit);
    const cells = `${row.what.padEnd(widths.what)}${measured.padStart(widths.value)}${target.padStart(widths.target)}`;
    lines.push((cells + verdict).trimEnd());
    for (const note of row.notes) lines.push(`    ! ${note}`.slice(0, 80));
  }
  return lines.join("\n");
}

function isMet(value: number, { atLeast: least, below: bound }: Target): boolean {
  return (
    value >= (least ?? Number.NEGATIVE_INFINITY) && value < (bound ?? Number.POSITIVE_INFINITY)
  );
}

function describeTarget({ atLeast: least, below: bound }: Target, unit: Row["unit"]): string {
  return least === undefined ? `< ${withUnit(bound ?? 0, unit)}` : `>= ${withUnit(least, unit)}`;
}

function withUnit(value: number, unit: Row["unit"]): string {
  if (unit === "ratio") return value.toFixed(3);
  const digits = unit === "ms" && value < 100 ? 1 : 0;
  const text = value.toLocaleString("en", {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  });
  return unit === "req/s" ? `${text}/s` : `${text} ${unit}`;
}
