import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseCsv } from "../../src/commands/parse-csv.ts";
import { importColumns, readImportFile } from "../../src/commands/read-import-file.ts";
import { CommandError } from "../../src/commands/report.ts";
import { ImportKeySchema } from "../../src/keys/import-schemas.ts";

const folder = mkdtempSync(join(tmpdir(), "tollgate-import-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const secret = "sk-3f9c2a7d5b1e8064c7a2f9d3e6b0815c";

function read(text: string, workspace?: string) {
  const file = join(folder, "keys");
  writeFileSync(file, text);
  return readImportFile(file, workspace);
}

function failure(text: string): CommandError {
  try {
    read(text);
  } catch (error) {
    if (error instanceof CommandError) return error;
  }
  throw new Error("It was read.");
}

describe("parseCsv()", () => {
  test("reads quotes, commas, quotes in quotes, line breaks and empty cells", () => {
    expect(parseCsv('a,b\r\n"x, y","say ""hi"""\n\n"two\nlines",\n,z')).toEqual([
      ["a", "b"],
      ["x, y", 'say "hi"'],
      ["two\nlines", ""],
      ["", "z"],
    ]);
    expect(parseCsv("")).toEqual([]);
    expect(parseCsv("a,")).toEqual([["a", ""]]);
  });
});

describe("readImportFile()", () => {
  const key = { secret, label: "one" };

  test("reads a list, an import as the API takes it, JSON Lines and CSV alike", () => {
    const texts = [
      JSON.stringify([key]),
      JSON.stringify({ keys: [key] }),
      `${JSON.stringify(key)}\n\n`,
      `\uFEFFsecret,label\n${secret},one\n`,
    ];
    for (const text of texts) expect(read(text)).toEqual({ keys: [key], dryRun: false });
    expect(read(JSON.stringify({ keys: [key], dry_run: true })).dryRun).toBe(true);
  });

  test("has a column for each field of a key", () => {
    const parts = ["requests_per_minute", "requests_per_day", "concurrent_requests"];
    const fields = Object.keys(ImportKeySchema.properties).filter((name) => name !== "limits");
    expect(importColumns.toSorted()).toEqual([...fields, ...parts].toSorted());
  });

  test("makes lists, numbers, JSON and limits of cells, and nothing of empty ones", () => {
    const header =
      "label,scopes,requests_per_minute,requests_per_day,enabled,spend_limit,metadata,plan";
    const { keys } = read(`${header}\nx,a:b  c,5,many,false,2.5,"{""a"": 1}",\n`);
    expect(keys).toEqual([
      {
        label: "x",
        scopes: ["a:b", "c"],
        limits: { requests_per_minute: 5, requests_per_day: "many" },
        enabled: false,
        spend_limit: 2.5,
        metadata: { a: 1 },
      },
    ]);
  });

  test("puts a workspace into the keys that name none", () => {
    const keys = [key, { ...key, workspace_id: "ws_2" }];
    expect(read(JSON.stringify(keys), "ws_1").keys).toEqual([
      { ...key, workspace_id: "ws_1" },
      { ...key, workspace_id: "ws_2" },
    ]);
  });

  test("repeats nothing of what it cannot read", () => {
    const texts = [
      "",
      "secret,label\n",
      `${secret},one\n`,
      `secret,label\n${secret},one,more\n`,
      `secret,label\n"${secret}`,
      `secret,label\n"${secret}"x,one\n`,
      `[{"secret": "${secret}"`,
      `{"secret": "${secret}"}\n${secret}`,
      `constructor,label\n${secret},one`,
    ];
    for (const text of texts) {
      const { exitCode, message } = failure(text);
      expect(exitCode).toBe(2);
      expect(message).not.toContain(secret);
    }
  });
});
