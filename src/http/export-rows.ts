export const exportFormats = ["jsonl", "csv"] as const;
export type ExportFormat = (typeof exportFormats)[number];

const mediaTypes: Record<ExportFormat, string> = {
  jsonl: "application/x-ndjson",
  csv: "text/csv; charset=utf-8",
};

/** Streams items as JSON Lines or as CSV of the given columns, as many in memory as come at once. */
export function exportRows<Item>(options: {
  batches: AsyncIterable<Item[]>;
  format: ExportFormat;
  /** The file's name, without its ending. */
  name: string;
  columns: readonly string[];
  cellsOf: (item: Item) => Readonly<Record<string, unknown>>;
}): Response {
  const { batches, format, name, columns, cellsOf } = options;
  const line = (item: Item): string => {
    if (format === "jsonl") return `${JSON.stringify(item)}\n`;
    const cells = cellsOf(item);
    return `${columns.map((column) => csvCell(cells[column])).join(",")}\r\n`;
  };
  const encoder = new TextEncoder();
  async function* lines() {
    if (format === "csv") yield encoder.encode(`${columns.join(",")}\r\n`);
    for await (const items of batches) yield encoder.encode(items.map(line).join(""));
  }
  return new Response(lines(), {
    headers: {
      "content-type": mediaTypes[format],
      "content-disposition": `attachment; filename="${name}.${format}"`,
    },
  });
}

/**
 * RFC 4180. A text that a spreadsheet would take for a formula is given as text (OWASP: CSV injection);
 * a number is no text.
 */
function csvCell(value: unknown): string {
  if (value === null || value === undefined) return "";
  const text = String(value);
  const isFormula = typeof value === "string" && /^[=+\-@\t\r]/.test(text);
  const safe = isFormula ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
