/** Where a command writes: people read stdout at 80 columns, programs read `--json`. */
export interface Output {
  out(text: string): void;
  err(text: string): void;
}

export const processOutput: Output = {
  out: (text) => void process.stdout.write(`${text}\n`),
  err: (text) => void process.stderr.write(`${text}\n`),
};

/**
 * A failure that the user can mend: printed as one sentence, without a stack. Exit code 1, or 2 when
 * it is the command line that cannot be used.
 */
export class CommandError extends Error {
  override readonly name = "CommandError";

  constructor(
    message: string,
    readonly exitCode = 1,
  ) {
    super(message);
  }
}

/** `name  value` lines, the names padded to one width. */
export function formatFields(fields: readonly (readonly [string, string])[]): string {
  const width = Math.max(...fields.map(([name]) => name.length));
  return fields.map(([name, value]) => `${name.padEnd(width)}  ${value}`.trimEnd()).join("\n");
}

/** A table with a header line; columns are as wide as their widest cell. */
export function formatTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const lines = [header, ...rows];
  const widths = header.map((_, at) => Math.max(...lines.map((line) => (line[at] ?? "").length)));
  return lines
    .map((line) =>
      line
        .map((cell, at) => cell.padEnd(widths[at] as number))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** Text of others for a terminal: what would move the cursor or colour the screen is shown as `?`. */
export function forTerminal(text: string): string {
  return text.replace(/\p{Cc}|\p{Zl}|\p{Zp}/gu, "?");
}

/** What the other columns of a list leave of 80. */
const labelWidth = 20;

/** A label as a cell of a list; `keys show` has the whole. */
export function shortened(label: string): string {
  return label.length <= labelWidth ? label : `${label.slice(0, labelWidth - 1)}…`;
}
