import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startTestApp, type TestApp } from "../support/test-app.ts";

let app: TestApp;

beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.stop());

let made = 0;

async function newWorkspace(): Promise<string> {
  const slug = `w${++made}`;
  const { body } = await app.manage("/workspaces", { body: { slug, name: slug } });
  return body.id;
}

async function newHat(workspaceId: string, skills: string[]): Promise<string> {
  const slug = `h${++made}`;
  const { body } = await app.manage("/hats", {
    body: { slug, name: slug, skills, workspace_id: workspaceId },
  });
  return body.id;
}

const permissionsOf = async (key: string) => (await app.call("/v1/permissions", { key })).body;

async function mayRun(key: string, skill: string, scope?: string): Promise<number | string> {
  const query = new URLSearchParams({ skill, ...(scope === undefined ? {} : { scope }) });
  const { status, body } = await app.call(`/key?${query}`, { key });
  return status === 200 ? 200 : body.error.code;
}

describe("scopes and skills", () => {
  const cases: [string[], string | number, string, string[], string[]][] = [
    [["*"], 200, "everything", ["*"], ["*"]],
    [["discover", "execute"], 200, "both verbs", ["*"], ["*"]],
    [["discover"], "insufficient_scope", "read-only", ["*"], []],
    [["execute"], 200, "running without finding", [], ["*"]],
    [["documents:read"], "insufficient_scope", "the customer's own scopes", [], []],
    [["integration:github"], 200, "an integration and nothing else", ["github/*"], ["github/*"]],
    [["github", "gmail"], 200, "bare names", ["github/*", "gmail/*"], ["github/*", "gmail/*"]],
    [["gmail"], "insufficient_scope", "another bare name", ["gmail/*"], ["gmail/*"]],
    [["execute", "integration:gmail"], "insufficient_scope", "elsewhere", [], ["gmail/*"]],
    [["execute", "github"], 200, "a verb in one place", [], ["github/*"]],
    [["discover", "integration:*"], "insufficient_scope", "finding everywhere", ["*"], []],
  ];
  for (const [scopes, expected, what, discover, execute] of cases) {
    test(`${what}: ${scopes.join(" ")} gives ${expected} for running github/create-issue`, async () => {
      const key = await app.newKey({ scopes });
      expect(await mayRun(key.secret, "github/create-issue")).toBe(expected);
      const permissions = await permissionsOf(key.secret);
      expect(permissions.discover).toEqual({ allowed: discover.length > 0, skills: discover });
      expect(permissions.execute).toEqual({ allowed: execute.length > 0, skills: execute });
    });
  }

  test("without a skill, an asked verb has to be held as it is: that would be everywhere", async () => {
    const asked = async (scopes: string[], scope: string) => {
      const { secret } = await app.newKey({ scopes });
      return (await app.call(`/key?scope=${scope}`, { key: secret })).status;
    };
    expect(await asked(["execute"], "execute")).toBe(200);
    expect(await asked(["*"], "execute")).toBe(200);
    for (const scopes of [["github"], ["billing"], ["discover"]]) {
      expect([scopes, await asked(scopes, "execute")]).toEqual([scopes, 403]);
    }
  });

  test("a skill is one that is to be run, whatever else is asked", async () => {
    const { secret } = await app.newKey({ scopes: ["discover"] });
    const skill = "github/create-issue";
    for (const scope of [undefined, "discover", "discover execute"]) {
      expect(await mayRun(secret, skill, scope)).toBe("insufficient_scope");
    }
  });

  test("a 403 names the scope that is missing", async () => {
    const key = await app.newKey({ scopes: ["execute", "integration:gmail"] });
    const { body, headers } = await app.call("/key?skill=github/create-issue", { key: key.secret });
    expect(body.error.message).toContain("integration:github");
    expect(headers.get("www-authenticate")).toContain('scope="integration:github"');
  });

  test("a bare name answers for the integration's scope, and the other way round", async () => {
    const bare = await app.newKey({ scopes: ["github"] });
    expect((await app.call("/key?scope=integration:github", { key: bare.secret })).status).toBe(
      200,
    );
    const long = await app.newKey({ scopes: ["integration:github"] });
    expect((await app.call("/key?scope=github", { key: long.secret })).status).toBe(200);
    expect((await app.call("/key?scope=gmail", { key: long.secret })).status).toBe(403);
  });
});

describe("hats", () => {
  test("a workspace without hats shows all skills, its first hat narrows every key at once", async () => {
    const workspace = await newWorkspace();
    const key = await app.newKey({ workspace_id: workspace });
    expect(await mayRun(key.secret, "github/create-issue")).toBe(200);
    const hat = await newHat(workspace, ["gmail/*"]);
    expect(await mayRun(key.secret, "github/create-issue")).toBe("skill_not_allowed");
    expect(await mayRun(key.secret, "gmail/send-message")).toBe(200);
    await app.manage(`/hats/${hat}`, { method: "PATCH", body: { skills: ["github/*"] } });
    expect(await mayRun(key.secret, "github/create-issue")).toBe(200);
    expect((await app.manage(`/hats/${hat}`, { method: "DELETE" })).status).toBe(204);
    expect(await mayRun(key.secret, "gmail/send-message")).toBe(200);
  });

  test("a key that wears a hat sees only its skills, and what its workspace has beside it not", async () => {
    const workspace = await newWorkspace();
    const hat = await newHat(workspace, ["github/*"]);
    await newHat(workspace, ["gmail/*"]);
    const plain = await app.newKey({ workspace_id: workspace });
    const wearing = await app.newKey({ workspace_id: workspace, hats: [hat] });
    expect(wearing.hats).toEqual([hat]);
    expect(await mayRun(plain.secret, "gmail/send-message")).toBe(200);
    expect(await mayRun(wearing.secret, "gmail/send-message")).toBe("skill_not_allowed");
    expect((await permissionsOf(wearing.secret)).execute.skills).toEqual(["github/*"]);
    const off = await app.manage(`/hats/${hat}/wearers/${wearing.id}`, { method: "DELETE" });
    expect(off.status).toBe(204);
    expect(await mayRun(wearing.secret, "gmail/send-message")).toBe(200);
  });

  test("one tool of a skill is that tool; the skill can be seen, not run as a whole", async () => {
    const workspace = await newWorkspace();
    await newHat(workspace, ["gmail/send-message#attach"]);
    const key = await app.newKey({ workspace_id: workspace });
    expect(await mayRun(key.secret, "gmail/send-message#attach")).toBe(200);
    expect(await mayRun(key.secret, "gmail/send-message#draft")).toBe("skill_not_allowed");
    expect(await mayRun(key.secret, "gmail/send-message")).toBe("skill_not_allowed");
    const asked = { key_id: key.id, skill: "gmail/send-message", action: "discover" };
    const { body } = await app.manage("/v1/permissions/explain", { body: asked });
    expect(body.allowed).toBe(true);
  });

  test("scopes and hats both count: what is left is what both show", async () => {
    const workspace = await newWorkspace();
    await newHat(workspace, ["github/*", "gmail/send-message"]);
    const key = await app.newKey({ workspace_id: workspace, scopes: ["integration:gmail"] });
    expect((await permissionsOf(key.secret)).execute.skills).toEqual(["gmail/send-message"]);
  });

  test("a hat that a key wears is not deleted: the key would see more", async () => {
    const workspace = await newWorkspace();
    const hat = await newHat(workspace, ["github/*"]);
    const key = await app.newKey({ workspace_id: workspace, hats: [hat] });
    const refused = await app.manage(`/hats/${hat}`, { method: "DELETE" });
    expect([refused.status, refused.body.error.code]).toEqual([409, "conflict"]);
    await app.manage(`/api-keys/${key.id}`, { method: "DELETE" });
    expect((await app.manage(`/hats/${hat}`, { method: "DELETE" })).status).toBe(204);
  });

  test("hats are of the key's own workspace, in a new key, in a change and as wearers", async () => {
    const [here, elsewhere] = [await newWorkspace(), await newWorkspace()];
    const hat = await newHat(elsewhere, ["github/*"]);
    const key = await app.newKey({ workspace_id: here });
    const create = { label: "x", workspace_id: here, hats: [hat] };
    expect((await app.manage("/api-keys", { body: create })).status).toBe(422);
    const patch = { method: "PATCH", body: { hats: [hat] } };
    expect((await app.manage(`/api-keys/${key.id}`, patch)).status).toBe(422);
    const put = await app.manage(`/hats/${hat}/wearers/${key.id}`, { method: "PUT" });
    expect(put.status).toBe(404);
  });

  test("putting on twice is once, and the audit log says so", async () => {
    const workspace = await newWorkspace();
    const hat = await newHat(workspace, ["github/*"]);
    const key = await app.newKey({ workspace_id: workspace });
    for (const _ of [1, 2]) {
      const put = await app.manage(`/hats/${hat}/wearers/${key.id}`, { method: "PUT" });
      expect(put.status).toBe(204);
    }
    const { body } = await app.manage(`/hats/${hat}/wearers`);
    expect(body).toEqual({ data: [{ id: key.id, type: "key" }], next_cursor: null });
    const events = await app.manage(`/audit-log?target=${hat}&action=hat.put_on`);
    expect(events.body.data).toHaveLength(1);
  });

  test("the patterns of a workspace are bounded, in a new hat and in a change", async () => {
    const workspace = await newWorkspace();
    const skills = (hat: number) => Array.from({ length: 100 }, (_, at) => `i${hat}/s${at}`);
    let last = "";
    for (let hat = 0; hat < 20; hat++) last = await newHat(workspace, skills(hat));
    const body = { slug: "over", name: "Over", skills: ["a/b"], workspace_id: workspace };
    expect((await app.manage("/hats", { body })).status).toBe(409);
    const change = (patterns: string[]) =>
      app.manage(`/hats/${last}`, { method: "PATCH", body: { skills: patterns } });
    expect((await change(skills(99))).status).toBe(200);
    expect((await change([])).status).toBe(200);
    expect((await app.manage("/hats", { body })).status).toBe(201);
    expect((await change(skills(99))).status).toBe(409);
  });

  test("patterns that are none are refused", async () => {
    for (const skill of [
      "github",
      "github/",
      "/x",
      "*/x",
      "github/create*",
      "a/b#",
      "a/b#c#d",
      "",
    ]) {
      const body = { slug: "bad", name: "Bad", skills: [skill] };
      expect([skill, (await app.manage("/hats", { body })).status]).toEqual([skill, 422]);
    }
  });

  test("verify asks for skills too, and says which word", async () => {
    const workspace = await newWorkspace();
    await newHat(workspace, ["github/*"]);
    const key = await app.newKey({ workspace_id: workspace });
    const verify = (skill: string) =>
      app.manage("/v1/keys/verify", { body: { key: key.secret, skill } });
    expect((await verify("github/create-issue")).body.code).toBe("VALID");
    expect((await verify("gmail/send-message")).body.code).toBe("SKILL_NOT_ALLOWED");
  });
});

describe("explain", () => {
  const explain = async (key_id: string, skill = "github/create-issue", action?: string) =>
    (await app.manage("/v1/permissions/explain", { body: { key_id, skill, action } })).body;

  test("names the link that refuses: key, owner, scopes, hats' skills", async () => {
    const workspace = await newWorkspace();
    const good = await app.newKey({ workspace_id: workspace });
    expect(await explain(good.id)).toMatchObject({ allowed: true, decided_by: null });
    const scoped = await app.newKey({ workspace_id: workspace, scopes: ["discover"] });
    expect(await explain(scoped.id)).toMatchObject({ allowed: false, decided_by: "scopes" });
    await app.manage(`/api-keys/${good.id}`, { method: "PATCH", body: { enabled: false } });
    expect(await explain(good.id)).toMatchObject({ allowed: false, decided_by: "key" });
    await newHat(workspace, ["gmail/*"]);
    const hatted = await app.newKey({ workspace_id: workspace });
    expect(await explain(hatted.id)).toMatchObject({ allowed: false, decided_by: "skill" });
    const path = `/workspaces/${workspace}`;
    await app.manage(path, { method: "PATCH", body: { state: "suspended" } });
    expect(await explain(hatted.id)).toMatchObject({ allowed: false, decided_by: "owner" });
  });

  test("agrees with the decision for every mix of scopes, hats and skill", async () => {
    const workspaces = [await newWorkspace(), await newWorkspace()];
    const [, narrow = ""] = workspaces;
    const hats = [await newHat(narrow, ["github/*"]), await newHat(narrow, ["gmail/send#now"])];
    const scopeSets = [["*"], ["execute"], ["discover"], ["github"], ["execute", "gmail"]];
    const skills = ["github/create-issue", "gmail/send", "gmail/send#now", "other/thing"];
    for (const workspace_id of workspaces) {
      for (const scopes of scopeSets) {
        for (const worn of workspace_id === narrow ? [[], ...hats.map((hat) => [hat])] : [[]]) {
          const key = await app.newKey({ workspace_id, scopes, hats: worn });
          for (const skill of skills) {
            const { allowed } = await explain(key.id, skill);
            const status = await mayRun(key.secret, skill);
            expect([scopes, worn, skill, allowed]).toEqual([scopes, worn, skill, status === 200]);
            expect(await mayRun(key.secret, skill, "execute")).toBe(status);
          }
        }
      }
    }
  });
});
