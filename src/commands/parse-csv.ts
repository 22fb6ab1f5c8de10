import { CommandError } from "./report.ts";

/**
 * The rows of a CSV (RFC 4180): cells between commas, quoted when they hold a comma, a quote or a line
 * break. Empty lines are left out. Throws for a quote that is not closed, without a word of the text.
 */
export function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (let at = 0; at < text.length; ) {
    const { cell, end } =
      text[at] === '"' ? quotedCell(text, at, rows.length) : plainCell(text, at);
    row.push(cell);
    const isRowOver = text[end] !== ",";
    at = end + (text.startsWith("\r\n", end) ? 2 : 1);
    // A comma at the very end of the text still begins a cell.
    if (!isRowOver && at >= text.length) row.push("");
    if (!isRowOver && at < text.length) continue;
    if (row.length > 1 || row[0] !== "") rows.push(row);
    row = [];
  }
  return rows;
}

interface Cell {
  cell: string;
  /** Where the comma, the line break or the end of the text is. */
  end: number;
}

function plainCell(text: string, start: number): Cell {
  let end = start;
  while (end < text.length && text[end] !== "," && text[end] !== "\n" && text[end] !== "\r") end++;
  return { cell: text.slice(start, end), end };
}

function quotedCell(text: string, start: number, row: number): Cell {
  let cell = "";
  for (let at = start + 1; ; ) {
    const quote = text.indexOf('"', at);
    if (quote === -1)
      throw new CommandError(`Row ${row} of the CSV has a quote without an end.`, 2);
    cell += text.slice(at, quote);
    if (text[quote + 1] !== '"') {
      const end = quote + 1;
      if (end < text.length && !/[,\r\n]/.test(text[end] ?? "")) {
        throw new CommandError(`Row ${row} of the CSV goes on after a closing quote.`, 2);
      }
      return { cell, end };
    }
    cell += '"';
    at = quote + 2;
  }
}
