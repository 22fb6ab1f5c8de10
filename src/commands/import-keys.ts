import type { Command } from "commander";
import { importKeys } from "../keys/import-keys.ts";
import { type ImportLine, type ImportReport, importKeysMax } from "../keys/import-schemas.ts";
import type { CommandContext } from "./command-context.ts";
import { importColumns, readImportFile } from "./read-import-file.ts";
import { CommandError, formatTable, forTerminal, shortened } from "./report.ts";
import { withKeys } from "./with-keys.ts";

const helpWidth = 78;
const help = `
FILE is JSON (a list of keys, or {"keys": […]}), JSON Lines or CSV.
Each key has a secret or a sha256 (hex, base64 or base64url), a label, and what
else a new key takes. The first line of a CSV names the columns:
${wrapped(importColumns)}
Several scopes, hats, models, providers or addresses stand with spaces between.
A thousand keys are one transaction; of more, each thousand is.`;

/** `tollgate keys import FILE`: a line a key; exit code 1 when one was refused. */
export function describeImport(command: Command, context: CommandContext): void {
  const { output } = context;
  command
    .description("take over keys of another service, with the secrets they have")
    .argument("<file>", "what to import; - is stdin")
    .option("--workspace <id>", "for keys that name none; the first one without")
    .option("--dry-run", "only tell what would be imported", false)
    .addHelpText("after", help)
    .action(async (file, { json, organization, workspace, dryRun }) => {
      const given = readImportFile(file, workspace);
      const isDry = dryRun || given.dryRun;
      const reports = await withKeys(context, organization, async (keys, actor) => {
        const made: ImportReport[] = [];
        for (let at = 0; at < given.keys.length; at += importKeysMax) {
          const some = given.keys.slice(at, at + importKeysMax);
          const options = { keys: some, dryRun: isDry, actor, firstIndex: at };
          const report = await importKeys(keys, options);
          made.push(report);
          if (given.keys.length > importKeysMax) {
            output.err(`${at + some.length} of ${given.keys.length} keys`);
          }
        }
        return made;
      });
      const total = totalOf(reports, isDry);
      output.out(json ? JSON.stringify(total, null, 2) : listing(total.data));
      for (const { index, param, message } of total.data) {
        if (message === null) continue;
        const field = param === null ? [] : [`${forTerminal(param)}:`];
        output.err(
          wrapped([`${index}:`, ...field, ...forTerminal(message).split(" ")]).trimStart(),
        );
      }
      const verb = isDry ? "would be imported" : "imported";
      const summary = `${total.imported + total.would_import} ${verb}, ${total.refused} refused.`;
      if (total.refused > 0) throw new CommandError(summary);
      output.err(summary);
    });
}

function totalOf(reports: readonly ImportReport[], dryRun: boolean): ImportReport {
  const sum = (name: "imported" | "would_import" | "refused") =>
    reports.reduce((total, report) => total + report[name], 0);
  return {
    data: reports.flatMap(({ data }) => data),
    imported: sum("imported"),
    would_import: sum("would_import"),
    refused: sum("refused"),
    dry_run: dryRun,
  };
}

/** What a key became, or which rule and field it fell over; the sentences are on stderr. */
function listing(lines: readonly ImportLine[]): string {
  const rows = lines.map(({ index, status, id, code, param, label }) => [
    String(index),
    status,
    id ?? forTerminal([code, param].filter((word) => word !== null).join(" ")).slice(0, keyWidth),
    shortened(forTerminal(label ?? "-")),
  ]);
  return formatTable(["INDEX", "STATUS", "KEY", "LABEL"], rows);
}

/** Characters of an id. */
const keyWidth = 36;

function wrapped(words: readonly string[]): string {
  const lines = [""];
  for (const word of words) {
    const last = lines.at(-1) ?? "";
    if (last.length + word.length + 1 > helpWidth) lines.push(`  ${word}`);
    else lines[lines.length - 1] = last === "" ? `  ${word}` : `${last} ${word}`;
  }
  return lines.join("\n");
}
