import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { defaultDialectName, dialectNames } from "../src/dialects/index.ts";
import { asksWhichDialect, readsDialectSetting } from "./support/dialect-questions.ts";

const sources = [...new Bun.Glob("**/*.ts").scanSync("src")].toSorted();
const tests = [...new Bun.Glob("**/*.ts").scanSync("tests")].toSorted();
const read = (path: string) => readFileSync(path, "utf8");

/** The paths inside src that a source file imports, types included. */
function importsOf(file: string): string[] {
  const found = read(join("src", file)).matchAll(/(?:from|import)\s*\(?\s*"(\.{1,2}\/[^"]+)"/g);
  return [...found].map(([, path]) => normalize(join(dirname(file), path as string)));
}

function packagesOf(file: string): string[] {
  const found = read(join("src", file)).matchAll(/(?:from|import)\s*\(?\s*"([^."][^"]*)"/g);
  return [...found].map(([, name]) => name as string);
}

/** Imports go down only. `schema` folders of features and `http` are on one level. */
const layers: Record<string, number> = {
  core: 0,
  dialects: 0.5,
  crypto: 1,
  db: 2,
  config: 3,
  http: 3,
  keys: 3,
  audit: 3,
  limits: 3,
  credits: 3,
  permissions: 3,
  organizations: 3,
  workspaces: 3,
  teams: 3,
  hats: 3,
  users: 3,
  sessions: 3,
  runtimes: 3,
  console: 3,
  plans: 3,
  prices: 3,
  usage: 3,
  recharges: 3,
  webhooks: 3,
  "services.ts": 4,
  "app.ts": 5,
  commands: 6,
  "main.ts": 7,
  build: 8,
  "embedded-files.d.ts": 0,
};

const layerOf = (file: string): number | undefined => layers[file.split("/")[0] as string];

/** The feature that a table belongs to, where its file in db/tables is not named for it. */
const ownersOfTables: Record<string, string> = {
  idempotentAnswers: "http",
  instance: "organizations",
  keyUsage: "usage",
  sessions: "sessions",
  teamMembers: "teams",
  teams: "teams",
  workspaces: "workspaces",
};

function ownerOf(table: string): string | undefined {
  if (table in ownersOfTables) return ownersOfTables[table];
  const defined = new RegExp(`^export const ${table}\\b`, "m");
  const file = sources.find(
    (name) => name.startsWith("db/tables/") && defined.test(read(`src/${name}`)),
  );
  return file?.slice("db/tables/".length, -".ts".length);
}

/** The tables of other features that a store imports, as the map lists them. */
function foreignTablesOf(store: string): string[] {
  const imports = read(`src/${store}`).matchAll(
    /import \{([^}]*)\} from "\.\.\/db\/tables\/[^"]+"/g,
  );
  const tables = [...imports].flatMap(([, names]) => names?.match(/\w+/g) ?? []);
  const foreign = tables.filter((table) => ownerOf(table) !== store.split("/")[0]);
  return foreign.length === 0 ? [] : [`${store}: ${foreign.toSorted().join(", ")}`];
}

describe("layers", () => {
  test("every file has a layer and imports nothing from above it", () => {
    const offences: string[] = [];
    for (const file of sources) {
      const own = layerOf(file);
      if (own === undefined) offences.push(`${file} has no layer`);
      for (const imported of importsOf(file)) {
        if (imported.startsWith("..")) continue;
        const other = layerOf(imported);
        if (own === undefined || other === undefined || other <= own) continue;
        offences.push(`${file} imports ${imported}`);
      }
    }
    expect(offences).toEqual([]);
  });

  test("the tables' column types are all that db takes from crypto, and build is imported by nothing", () => {
    const offences = sources.flatMap((file) =>
      importsOf(file)
        .filter((imported) => imported.startsWith("build/") && !file.startsWith("build/"))
        .map((imported) => `${file} imports ${imported}`),
    );
    expect(offences).toEqual([]);
  });

  test("Elysia is known to routes, http and the composition root alone", () => {
    const knows = sources.filter((file) =>
      packagesOf(file).some((name) => /^elysia$|^@elysiajs/.test(name)),
    );
    const offences = knows.filter((file) => !/(^|\/|-)routes\.ts$|^http\/|^app\.ts$/.test(file));
    expect(offences).toEqual([]);
  });

  test("drizzle and libSQL are known to db and to stores alone", () => {
    const knows = sources.filter((file) =>
      packagesOf(file).some((name) => /^drizzle-|^@libsql|^libsql$/.test(name)),
    );
    const offences = knows.filter(
      (file) => !/^db\/|-store\.ts$|^commands\/server-lock\.ts$/.test(file),
    );
    expect(offences).toEqual([]);
  });

  test("tables are used by db and by stores alone", () => {
    const offences = sources.filter(
      (file) =>
        importsOf(file).some((imported) => imported.startsWith("db/tables/")) &&
        !/^db\/|-store\.ts$/.test(file),
    );
    expect(offences).toEqual([]);
  });

  test("a store uses the tables of its own feature, and those that src/README.md says and why", () => {
    const said = [
      ...read("src/README.md").matchAll(
        /^\| `(\w+\/[\w-]+-store\.ts)` *\| ([\w, ]+?) *\| \S.* \|$/gm,
      ),
    ].map(([, store, tables]) => `${store}: ${tables}`);
    const used = sources.filter((file) => file.endsWith("-store.ts")).flatMap(foreignTablesOf);
    expect(used).toEqual(said);
  });

  test("the environment is read by config, the clock by core", () => {
    const offences: string[] = [];
    for (const file of sources.filter((name) => !name.startsWith("build/"))) {
      const text = read(join("src", file));
      if (/process\.env\b/.test(text) && file !== "config/load.ts")
        offences.push(`${file}: process.env`);
      if (/Date\.now\(|performance\.now\(|new Date\(\)/.test(text) && file !== "core/clock.ts") {
        offences.push(`${file}: the time`);
      }
      if (/Math\.random\(/.test(text)) offences.push(`${file}: Math.random`);
    }
    expect(offences).toEqual([]);
  });
});

describe("dialects", () => {
  const outside = sources.filter((file) => !file.startsWith("dialects/"));

  test("each is one file and one line, and has the tests of its page beside those of all", () => {
    const tables = [...new Bun.Glob("*.ts").scanSync("src/dialects")].filter((file) =>
      /: Dialect = \{|satisfies Dialect;/.test(read(join("src/dialects", file))),
    );
    expect(tables.toSorted()).toEqual(dialectNames.map((name) => `${name}.ts`).toSorted());
    const paged = dialectNames.filter((name) => name !== defaultDialectName);
    const missing = paged.filter((name) => !existsSync(`tests/http/dialects/${name}.test.ts`));
    expect(missing).toEqual([]);
  });

  test("no file outside their folder names one, but for the standard's tables", () => {
    const others = dialectNames.filter((name) => name !== defaultDialectName).join("|");
    const named = new RegExp(`\\b(?:${others})\\b`, "i");
    expect(outside.filter((file) => named.test(read(join("src", file))))).toEqual([]);
  });

  test("nothing outside their folder asks which one is on: what differs is in the table", () => {
    // The one comparison: has the installation been switched since the last start?
    const allowed = new Set(["plans/adopt-plans.ts"]);
    const offences = outside.filter(
      (file) => !allowed.has(file) && asksWhichDialect(read(join("src", file))),
    );
    expect(offences).toEqual([]);
  });

  test("the setting is read where it becomes a table, and the list of tables by few", () => {
    const reads = outside.filter((file) => readsDialectSetting(read(join("src", file))));
    expect(reads).toEqual(["commands/openapi.ts", "commands/serve.ts", "services.ts"]);
    const knows = outside.filter((file) => importsOf(file).includes("dialects/index.ts"));
    expect(knows).toEqual([
      "build/document-diff.ts",
      "build/document-path.ts",
      "build/documents.ts",
      "commands/open-instance.ts",
      "commands/openapi.ts",
      "config/schema.ts",
      "crypto/apparent-entropy.ts",
      "crypto/secret-format.ts",
      "organizations/setup-store.ts",
      "plans/adopt-plans.ts",
      "services.ts",
    ]);
  });
});

describe("files", () => {
  test("none is over 300 lines, and none is named for nothing", () => {
    const long = [
      ...sources.map((file) => `src/${file}`),
      ...tests.map((file) => `tests/${file}`),
    ].filter((path) => path.startsWith("src/") && read(path).split("\n").length > 300);
    expect(long).toEqual([]);
    const vague = sources.filter((file) =>
      /(utils?|helpers?|common|misc|manager)(\.|\/)/.test(file),
    );
    expect(vague).toEqual([]);
  });

  test("every exported function and class says what it does", () => {
    const offences: string[] = [];
    for (const file of sources) {
      const lines = read(join("src", file)).split("\n");
      lines.forEach((line, at) => {
        if (!/^export (?:async )?(?:abstract )?(?:function|class) /.test(line)) return;
        if (!/\*\/$/.test(lines[at - 1] ?? "")) offences.push(`${file}: ${line}`);
      });
    }
    expect(offences).toEqual([]);
  });

  test("nothing is left open, switched off or untyped", () => {
    const marks = new RegExp(
      [
        "TO" + "DO",
        "FIX" + "ME",
        "\\bas any\\b",
        ": any\\b",
        "@ts-(?:ignore|expect-error)",
        "\\.(?:skip|only|todo)\\(",
      ].join("|"),
    );
    const allowed = new Set(["tests/support/test-app.ts", "tests/tidy.test.ts"]);
    const offences = [
      ...sources.map((file) => `src/${file}`),
      ...tests.map((file) => `tests/${file}`),
    ].filter((path) => !allowed.has(path) && marks.test(read(path)));
    expect(offences).toEqual([]);
  });
});

describe("the house", () => {
  test("every dependency is exact and has its line in src/README.md", () => {
    const manifest = JSON.parse(read("package.json"));
    const map = read("src/README.md");
    for (const [name, version] of Object.entries({
      ...manifest.dependencies,
      ...manifest.devDependencies,
    })) {
      expect(String(version)).toMatch(/^(?:npm:[a-z@/-]+@)?\d+\.\d+\.\d+$/);
      expect(map).toContain(`\`${name}\``);
    }
  });

  test("every folder of src is on the map, every setting and every bound in the README", async () => {
    const map = read("src/README.md");
    for (const folder of new Set(
      sources.filter((file) => file.includes("/")).map((file) => file.split("/")[0]),
    )) {
      expect(map).toContain(`${folder}/`);
    }
    const readme = read("README.md");
    const { configNames, variableOf } = await import("../src/config/schema.ts");
    for (const name of configNames) expect(readme).toContain(variableOf(name));
    const bounds = sources.flatMap((file) =>
      [...read(join("src", file)).matchAll(/^export const (\w+Max)\b/gm)].map(
        ([, name]) => name as string,
      ),
    );
    for (const bound of bounds) expect(readme).toContain(`\`${bound}\``);
  });
});
