import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { documentPathOf } from "../../../src/build/document-path.ts";
import { completeSecret, generateSecret, keyTypes } from "../../../src/crypto/secret-format.ts";
import {
  type DialectName,
  defaultDialectName,
  dialectNames,
  dialectOf,
  dialects,
} from "../../../src/dialects/index.ts";
import { aliasRows } from "../../../src/http/aliases.ts";
import { presentedKeyAnswer } from "../../../src/keys/presented-routes.ts";
import { adoptPlans } from "../../../src/plans/adopt-plans.ts";
import { readDocument } from "../../support/openapi-document.ts";
import { type Answer, startTestApp, type TestApp } from "../../support/test-app.ts";
import { unwrapped } from "../../support/unwrapped.ts";

describe.each(dialectNames)("in %s", (name) => {
  const dialect = dialectOf(name);
  let app: TestApp;
  beforeAll(async () => {
    app = await startTestApp({
      flags: { dialect: name, billingUrl: "https://example.com/billing" },
    });
  });
  afterAll(() => app.stop());

  /** An answer out of its envelope. */
  const bare = ({ status, body }: Pick<Answer, "status" | "body">) =>
    unwrapped(dialect.envelope, status, body);

  /** A key by the API, out of its envelope. */
  const newKey = async (input: object = {}) => {
    const { status, body } = await app.manage("/api-keys", { body: { label: "one", ...input } });
    return bare({ status, body });
  };

  test("Accept: application/problem+json gets problem details", async () => {
    const headers = { accept: "application/problem+json" };
    const { secret } = await newKey({ limits: { requests_per_minute: 0 } });
    const answers = await Promise.all([
      app.call("/key", { headers }),
      app.call("/key", { headers, key: secret }),
      app.call("/nothing", { headers }),
      app.manage("/api-keys", { headers, body: { label: 1 } }),
      // What the page of one-time links asks, and reads in every dialect.
      app.call("/auth/links/show", { headers, body: { token: "0".repeat(64) } }),
    ]);
    const codes = ["missing_api_key", "rate_limit_exceeded", "not_found", "validation_failed"];
    codes.push("link_not_valid");
    for (const [at, { status, headers: own, body }] of answers.entries()) {
      expect(own.get("content-type")).toBe("application/problem+json");
      const code = codes[at];
      expect(body).toMatchObject({ type: `urn:tollgate:error:${code}`, status, code });
    }
  });

  test("a client that takes both alike gets the dialect's own shape", async () => {
    const headers = { accept: "application/json, application/problem+json" };
    const { headers: own } = await app.call("/key", { headers });
    expect(own.get("content-type")).toBe("application/json");
  });

  test("a new secret has the dialect's prefix, and shows its first 8 characters", async () => {
    for (const environment of ["live", "test"] as const) {
      const { secret, key_prefix } = await newKey({ environment });
      const prefix = dialect.prefixes.workspace[environment];
      expect(secret).toMatch(new RegExp(`^${prefix}[0-9a-f]{64}$`));
      expect(key_prefix).toBe(secret.slice(prefix.length, prefix.length + 8));
    }
  });

  test("the plans of a new installation are the dialect's, and the first is the default", async () => {
    const { body } = await app.manage("/plans");
    const slugs = body.data.map((plan: { slug: string }) => plan.slug);
    expect(slugs).toEqual(dialect.plans.map(({ slug }) => slug).toSorted());
    const { secret } = await newKey();
    const shown = await app.call("/key", { key: secret });
    expect(bare(shown).plan).toBe(dialect.plans[0].slug);
  });

  test("the document that is served is the dialect's", async () => {
    const { body } = await app.call("/openapi.json");
    expect(body).toEqual(await Bun.file(documentPathOf(name)).json());
  });

  test("when credits run low, every JSON object of the data plane says so, as documented", async () => {
    const { secret } = await newKey();
    const { operations, faultsOf } = await readDocument(documentPathOf(name));
    const calls = async () => {
      const key = secret;
      const runtime = await app.call("/v1/runtimes", { key, body: { name: "one" } });
      const { id, secret: own } = bare(runtime);
      return {
        showPresentedKey: await app.call("/key", { key }),
        showPermissions: await app.call("/v1/permissions", { key }),
        registerRuntime: runtime,
        sendHeartbeat: await app.call(`/v1/runtimes/${id}/heartbeat`, { key: own, body: {} }),
        endOwnRuntime: await app.call(`/v1/runtimes/${id}`, { key: own, method: "DELETE" }),
      };
    };
    const credits = (amount: number) =>
      app.manage("/organizations/default/credits", {
        body: { kind: "grant", amount, reason: "test" },
      });
    await credits(7.23);
    for (const [id, answer] of Object.entries(await calls())) {
      expect([id, bare(answer)]).toEqual([
        id,
        expect.objectContaining({ _balance_warning: true, _remaining_credits: 7.23 }),
      ]);
      const one = operations.find(({ operationId }) => operationId === id);
      const { schema = {} } = one?.responses[answer.status]?.content?.["application/json"] ?? {};
      expect([id, faultsOf(answer.body, schema)]).toEqual([id, []]);
    }
    await credits(10);
    for (const answer of Object.values(await calls())) {
      expect(bare(answer)).not.toHaveProperty("_balance_warning");
    }
  });

  test("words for scopes are read as the document has them", async () => {
    const { operations, faultsOf } = await readDocument(documentPathOf(name));
    const one = operations.find(({ operationId }) => operationId === "createKey");
    const schema = one?.requestBody?.content["application/json"]?.schema ?? {};
    const { aliases = {}, commaLists } = dialect.scopeWords ?? {};
    const lists = [...Object.keys(aliases), "a"].map((word) => [word]);
    if (commaLists === true) lists.push(["a,b"]);
    for (const scopes of lists) {
      expect(faultsOf({ label: "x", scopes }, schema)).toEqual([]);
      expect(await newKey({ scopes })).toHaveProperty("secret");
    }
  });

  test("the answer past the router is the one of the route", async () => {
    const { secret } = await newKey();
    const request = new Request("http://localhost/key", {
      headers: { authorization: `Bearer ${secret}` },
    });
    const routed = await app.call("/key", { key: secret });
    const hot = await presentedKeyAnswer(app.services)(request, {});
    const text = await hot.text();
    const masked = (json: string) =>
      json
        .replace(/"(remaining|requests_total)":\d+/g, '"$1":0')
        .replace(/"reset_at":"[^"]+"/g, "");
    expect(masked(text)).toBe(masked(JSON.stringify(routed.body)));
  });
});

describe("secrets in the field", () => {
  test.each(dialectNames)("of every dialect verify while %s is on", async (name) => {
    const app = await startTestApp({ flags: { dialect: name } });
    const { envelope } = dialectOf(name);
    for (const { prefixes } of Object.values(dialects)) {
      // As if the key had been made while that dialect was on.
      Object.assign(app.services.keys, {
        newSecret: (type: "workspace", environment: "live") =>
          generateSecret(type, environment, prefixes),
      });
      const { status, body } = await app.manage("/api-keys", { body: { label: "old" } });
      const { secret } = unwrapped(envelope, status, body);
      expect(secret).toStartWith(prefixes.workspace.live);
      expect((await app.call("/key", { key: secret })).status).toBe(200);
      const verified = await app.manage("/v1/keys/verify", { body: { key: secret } });
      expect(verified.body.valid).toBe(true);
      const rotten = `${secret.slice(0, -1)}${secret.endsWith("0") ? "1" : "0"}`;
      expect((await app.call("/key", { key: rotten })).status).toBe(401);
    }
    await app.stop();
  });

  test("no two types of a dialect can be told for each other where their prefixes differ", () => {
    const random = "0123456789abcdef".repeat(4).slice(0, 56);
    for (const { prefixes } of Object.values(dialects)) {
      const secrets = keyTypes.map((type) => completeSecret(prefixes[type].live, random));
      const different = new Set(keyTypes.map((type) => prefixes[type].live)).size;
      expect(new Set(secrets).size).toBe(different);
    }
  });
});

describe("an installation that switches", () => {
  test("gets the missing plans of its new dialect once, by system, and keeps those it has", async () => {
    const first = await startTestApp();
    await first.manage("/plans/free", { method: "PATCH", body: { requests_per_minute: 7 } });
    await first.manage("/plans/starter", { method: "DELETE" });
    const { secret } = await first.newKey();
    const { folder } = first;
    await first.stop({ keepFolder: true });

    const app = await startTestApp({ folder, flags: { dialect: "skillboss" } });
    const actor = { ...app.actor, type: "system" as const, id: "system" };
    const adopt = () => adoptPlans(app.services.plans, { dialectName: "skillboss", actor });
    expect(await adopt()).toEqual(["starter"]);
    expect((await app.manage("/plans/free")).body.requests_per_minute).toBe(7);
    expect((await app.manage("/plans/starter")).body).toMatchObject({
      requests_per_minute: 60,
      concurrent_requests: 10,
    });
    const { body: log } = await app.manage("/audit-log?limit=10");
    const rows = log.data.map((row: { action: string; actor: object }) => [row.action, row.actor]);
    const system = { type: "system", id: "system", user_id: null };
    expect(rows).toContainEqual(["plan.created", system]);
    expect(rows).toContainEqual(["instance.dialect_changed", system]);

    await app.manage("/plans/starter", { method: "DELETE" });
    expect(await adopt()).toEqual([]);
    expect((await app.manage("/plans/starter")).status).toBe(404);
    expect((await app.call("/key", { key: secret })).status).toBe(200);
    await app.stop();
  });
});

describe("aliases", () => {
  const rows = dialectNames.flatMap((name) =>
    aliasRows(dialectOf(name)).map((row) => ({ name, ...row })),
  );

  test("exist for data-plane routes alone, with the row of the route they lead to", () => {
    expect(rows.length).toBeGreaterThan(0);
    for (const { access } of rows) expect(access).toEqual({ kind: "data" });
  });

  test.each(rows)("$route of $name meets the rules of $of", async ({ name, route, of }) => {
    const app = await startTestApp({ flags: { dialect: name as DialectName } });
    const { secret } = await app.newKey();
    const [method = "", path = ""] = route.split(" ");
    const [, ofPath = ""] = of.split(" ");
    const at = (pattern: string) => pattern.replaceAll(/:\w+/g, "rt_none");
    const body = method === "GET" ? undefined : { name: "x" };
    for (const key of [undefined, "sk-sr-wrong", app.operator, secret]) {
      const given = key === undefined ? {} : { key };
      const alias = await app.call(at(path), { method, body, ...given });
      const direct = await app.call(at(ofPath), { method, body, ...given });
      expect(alias.status).toBe(direct.status);
      if (alias.status >= 400) expect(alias.body).toEqual(direct.body);
    }
    await app.stop();
  });

  test("one slash at the end leads to the same, as with the route itself", async () => {
    const app = await startTestApp({ flags: { dialect: "searchrouter" } });
    const { secret: key } = await app.newKey();
    const status = async (path: string, method = "GET") =>
      (await app.call(path, { key, method })).status;
    for (const at of ["/v1/permissions", "/api/v1/permissions"]) {
      expect([at, await status(`${at}/`)]).toEqual([at, 200]);
      expect([at, await status(`${at}/?`)]).toEqual([at, 200]);
      expect([at, await status(`${at}//`)]).toEqual([at, 404]);
      expect([at, await status(`${at}/`, "POST")]).toEqual([at, 405]);
    }
    const made = await app.call("/api/v1/runtimes/", { key, body: { name: "one" } });
    expect(made.status).toBe(201);
    await app.stop();
  });

  test("an audited change has the request id that its caller was told", async () => {
    const app = await startTestApp({ flags: { dialect: "searchrouter" } });
    const { secret } = await app.newKey();
    const made = await app.call("/api/v1/runtimes", { key: secret, body: { name: "one" } });
    const { body } = await app.manage("/audit-log?limit=1");
    expect(body.data[0].request_id).toBe(made.headers.get("x-request-id"));
    await app.stop();
  });

  test("of a dialect that is off lead nowhere", async () => {
    const app = await startTestApp();
    const { secret } = await app.newKey();
    expect((await app.call("/api/v1/permissions", { key: secret })).status).toBe(404);
    await app.stop();
  });
});

describe("what is pending", () => {
  test("is listed by name and reason beside the tests of its page", async () => {
    for (const name of dialectNames.filter((one) => one !== defaultDialectName)) {
      const text = await Bun.file(`${import.meta.dir}/${name}.test.ts`).text();
      expect(text).toContain("const pending: readonly Pending[]");
      expect(text).toContain("describePending(pending, () => server)");
    }
  });
});
