import { describe, expect, test } from "bun:test";
import { asksWhichDialect, readsDialectSetting } from "../support/dialect-questions.ts";

describe("what asks which dialect is on is found", () => {
  test.each([
    'if (dialect.prefixes.workspace.live === "sk-") {',
    'if ("sk-" === services.dialect.prefixes.workspace.live) {',
    'const isIt = dialect.prefixes["workspace"].live !== "sk_";',
    'if (prefixes.workspace.live === "sk-") {',
    'if (workspace.live === "sk-") {',
    'if (workspace.live.startsWith("sk-")) {',
    'if (dialect.title.startsWith("Skill")) {',
    'if (dialect.title === "SkillBoss") {',
    "const { title } = services.dialect;",
    'if (config.dialect.startsWith("skill")) {',
    'if (config.dialect === "standard") {',
    'if (["a", "b"].includes(config.dialect)) {',
    "const row = rows.get(config.dialect);",
    "const row = rows[config.dialect];",
    "const row = rows.get(dialectName);",
    "if (Object.hasOwn(rows, config.dialect)) {",
    "switch (config.dialect) {",
    "switch (dialect.prefixes.workspace.live) {",
    "const table = services.dialect;",
    "const { dialect: table } = services;",
    "if (/^sk-/.test(dialect.prefixes.workspace.live)) {",
    "if (dialect === other) {",
    'if (dialect.plans[0].slug === "free") {',
  ])("%s", (text) => {
    expect(asksWhichDialect(text)).toBe(true);
  });

  test.each([
    "const dialect = dialectOf(config.dialect);",
    "if (dialect.limitHeadersEverywhere !== true) return undefined;",
    "const { envelope, limitHeadersEverywhere, scopeWords } = dialect;",
    "if (dialect.errors.saidAs?.[code] === undefined) {",
    "generateSecret(type, environment, dialect.prefixes)",
    "completeSecret(prefixes[type][environment], random)",
  ])("but not what reads the table: %s", (text) => {
    expect(asksWhichDialect(text)).toBe(false);
  });

  test("reading the setting is found, by each way to it", () => {
    expect(readsDialectSetting("dialectOf(config().dialect)")).toBe(true);
    expect(readsDialectSetting("const { dialect, port } = config;")).toBe(true);
    expect(readsDialectSetting("const { dialect } = services;")).toBe(false);
  });
});
