import { describe, expect, test } from "bun:test";
import { createApp, describedRoutes } from "../../src/app.ts";
import { documentPathOf } from "../../src/build/document-path.ts";
import { dialectNames, dialectOf } from "../../src/dialects/index.ts";
import { standard } from "../../src/dialects/standard.ts";
import { generateDocument } from "../../src/http/openapi/generate.ts";
import { type RouteAccess, routeAccess } from "../../src/http/route-access.ts";
import type { Services } from "../../src/services.ts";
import {
  document,
  faultsOf,
  type MediaType,
  type Operation,
  operations,
} from "../support/openapi-document.ts";

/** Pages for people, and the document itself, which whoever reads it has already. */
const undescribed = [
  "GET /openapi.json",
  "GET /docs",
  "GET /docs/:file",
  "GET /link",
  "GET /link/:file",
];

const key = { bearerAuth: [] };
const session = { sessionCookie: [] };
const securityOf: Record<RouteAccess["kind"], Operation["security"]> = {
  public: [],
  data: [key],
  session: [session],
  management: [key, session],
};

describe("the document", () => {
  test("of every dialect is the one that the routes generate", async () => {
    for (const name of dialectNames) {
      const dialect = dialectOf(name);
      const generated = await generateDocument(describedRoutes(), dialect);
      expect(await Bun.file(documentPathOf(name)).text()).toBe(generated);
      expect(await generateDocument(describedRoutes(), dialect)).toBe(generated);
    }
  });

  test.each(dialectNames)(
    "of %s passes the Redocly linter with no error and no warning",
    (name) => {
      const command = ["--bun", "node_modules/.bin/redocly", "lint", documentPathOf(name)];
      const lint = Bun.spawnSync(
        [process.execPath, ...command, "--extends=recommended", "--format=json"],
        {
          env: {
            ...process.env,
            REDOCLY_TELEMETRY: "off",
            REDOCLY_SUPPRESS_UPDATE_NOTICE: "true",
          },
        },
      );
      const { totals, problems } = JSON.parse(lint.stdout.toString());
      expect(problems).toEqual([]);
      expect(totals).toEqual({ errors: 0, warnings: 0, ignored: 0 });
      expect(lint.exitCode).toBe(0);
    },
  );

  test("describes every route of the access table but the pages", () => {
    const described = operations.map(({ route }) => route);
    expect([...described, ...undescribed].sort()).toEqual(Object.keys(routeAccess).sort());
  });

  test("every route of the application has a row in the access table", () => {
    const routes = createApp({ dialect: standard } as unknown as Services).routes.map(
      ({ method, path }) => `${method} ${path}`,
    );
    expect(routes.sort()).toEqual(Object.keys(routeAccess).sort());
  });

  test("has no schema words that client generators trip over", () => {
    const text = JSON.stringify(document);
    for (const word of ["$id", "anyOf", "oneOf", "allOf", "const", "patternProperties"]) {
      expect(text).not.toContain(`"${word}":`);
    }
    expect(text).not.toContain('"type":"null"');
  });

  test("names no two components alike, of whatever kind: some generators have one room for all", () => {
    const names = Object.values(document.components).flatMap((kind) => Object.keys(kind));
    expect(names.toSorted()).toEqual([...new Set(names)].toSorted());
  });

  test("every field is described", () => {
    const schemas = document.components["schemas"] as Record<string, { properties?: object }>;
    for (const [name, { properties = {} }] of Object.entries(schemas)) {
      for (const [field, schema] of Object.entries(properties)) {
        const words = Object.keys(schema);
        const isPlain = words.includes("$ref") || words.includes("items");
        const isDescribed = isPlain || words.includes("description") || field === "error";
        expect([name, field, isDescribed]).toEqual([name, field, true]);
      }
    }
  });
});

describe.each(operations)("$operationId", (operation) => {
  const access = routeAccess[operation.route];
  const kind = access?.kind ?? "public";
  const takesOrganization = (operation.parameters ?? []).some(
    ({ name }) => name === "Tollgate-Organization",
  );

  test("has a summary, a description, a described tag and an id of its own", () => {
    expect(operation.summary).not.toBe("");
    expect(operation.description).not.toBe("");
    const known = document.tags.map(({ name }) => name);
    expect(operation.tags.length).toBe(1);
    expect(known).toEqual(expect.arrayContaining(operation.tags));
    const { operationId } = operation;
    expect(operations.filter((other) => other.operationId === operationId).length).toBe(1);
  });

  test("says whether it takes a key or a session, and which", () => {
    expect(operation.security).toEqual(securityOf[kind]);
    if (access?.kind === "session") expect(operation.description).toContain("a session");
    if (access?.kind !== "management") return;
    expect(operation.description).toContain(`\`${access.scope}\``);
    const role = access.role === "operator" ? "session of an operator" : `role \`${access.role}\``;
    expect(operation.description).toContain(role);
  });

  test("lets the caller say which organization it is about, unless its path or nobody has to", () => {
    const isManagement = access?.kind === "management";
    const isOfOne = isManagement && access.role !== "operator" && access.anyOrganization !== true;
    const isInPath = operation.path.startsWith("/organizations/{id}");
    expect(takesOrganization).toBe(isOfOne && !isInPath);
  });

  test("has all its error responses, in both shapes, with examples and headers", () => {
    const statuses = Object.keys(operation.responses).map(Number);
    const hasBody = operation.requestBody !== undefined;
    const readsBody = ["POST", "PUT", "PATCH"].includes(operation.method);
    const hasPathParameter = operation.path.includes("{");
    const hasInput = hasBody || (operation.parameters ?? []).length > 0;
    const expected = [
      400,
      ...(kind === "public" ? [] : [401, 403, 429, 503]),
      ...(hasPathParameter || takesOrganization ? [404] : []),
      ...(hasInput ? [422] : []),
      ...(readsBody ? [413, 415] : []),
      500,
    ];
    expect(statuses).toEqual(expect.arrayContaining(expected));
    for (const [status, { content, headers }] of Object.entries(operation.responses)) {
      // The HTTP server itself refuses headers that are too large, before there is a request.
      if (Number(status) < 400 || status === "431") continue;
      expect(Object.keys(content ?? {})).toEqual(["application/json", "application/problem+json"]);
      expect(Object.keys(headers ?? {})).toContain("X-Request-Id");
      for (const media of Object.values(content ?? {})) {
        expect(Object.keys(media.examples ?? {}).length).toBeGreaterThan(0);
      }
    }
  });

  test("has examples of what is sent and answered, which fit their schemas", () => {
    for (const { schema, example } of operation.parameters ?? []) expectFit({ schema, example });
    for (const media of Object.values(operation.requestBody?.content ?? {})) expectFit(media);
    for (const { content } of Object.values(operation.responses)) {
      for (const media of Object.values(content ?? {})) expectFit(media);
    }
  });
});

function expectFit({ schema, example, examples = {} }: MediaType): void {
  const values: unknown[] = example === undefined ? [] : [example];
  values.push(...Object.values(examples).map(({ value }) => value));
  expect(values.length).toBeGreaterThan(0);
  for (const value of values) expect(faultsOf(value, schema)).toEqual([]);
}
