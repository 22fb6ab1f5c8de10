import { describe, expect, test } from "bun:test";
import { documentPathOf } from "../../../src/build/document-path.ts";
import { errorCodes } from "../../../src/core/errors.ts";
import { isWellFormedSecret } from "../../../src/crypto/secret-format.ts";
import { dialectNames, dialectOf } from "../../../src/dialects/index.ts";
import { aliasRows } from "../../../src/http/aliases.ts";
import { goldenPath } from "../../support/golden-errors.ts";
import { readDocument } from "../../support/openapi-document.ts";

const standard = await readDocument(documentPathOf("standard"));

describe.each(dialectNames)("the document of %s", async (name) => {
  const dialect = dialectOf(name);
  const { document, operations, faultsOf } = await readDocument(documentPathOf(name));

  test("has every operation of the standard one, and those of its aliases", () => {
    const routes = operations.map(({ route }) => route);
    const expected = standard.operations.map(({ route }) => route);
    expected.push(...aliasRows(dialect).map(({ route }) => route));
    expect(routes.toSorted()).toEqual(expected.toSorted());
    const ids = operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });

  test("has examples that fit its schemas, of errors and successes", () => {
    let examples = 0;
    for (const { responses } of operations) {
      for (const { content = {} } of Object.values(responses)) {
        for (const { schema, example, examples: named = {} } of Object.values(content)) {
          const values: unknown[] = example === undefined ? [] : [example];
          for (const { value } of Object.values(named)) values.push(value);
          for (const value of values) expect(faultsOf(value, schema)).toEqual([]);
          examples += values.length;
        }
      }
    }
    expect(examples).toBeGreaterThan(operations.length);
  });

  test("has the schema of every error that is on the wire", async () => {
    const golden = await Bun.file(goldenPath(name)).json();
    const schema = { $ref: "#/components/schemas/Error" };
    for (const code of Object.keys(errorCodes)) {
      expect([code, faultsOf(golden[code].body, schema)]).toEqual([code, []]);
    }
  });

  test("shows secrets as they are made", () => {
    const text = JSON.stringify(document);
    const shown = (text.match(/"[A-Za-z_-]+[0-9a-f]{64}"/g) ?? []).map((quoted) =>
      quoted.slice(1, -1),
    );
    const prefixes = Object.values(dialect.prefixes).map(({ live }) => live);
    const secrets = shown.filter((one) => prefixes.includes(one.slice(0, -64)));
    expect(secrets.length).toBeGreaterThan(1);
    expect(secrets.filter((secret) => !isWellFormedSecret(secret))).toEqual([]);
    const ofRuntimes = secrets.filter((one) => one.startsWith(dialect.prefixes.runtime.live));
    expect(ofRuntimes.length).toBeGreaterThan(0);
    const prefix = dialect.prefixes.workspace.live;
    const made = operations.find(({ operationId }) => operationId === "createKey");
    const example = JSON.stringify(made?.responses["201"]?.content?.["application/json"]?.example);
    expect(example).toContain(`"secret":"${prefix}`);
  });
});
