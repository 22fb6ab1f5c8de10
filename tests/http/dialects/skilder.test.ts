import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type DialectServer, startDialectServer } from "../../support/dialect-server.ts";
import { runGeneratedClient } from "../../support/generated-client.ts";
import { describePending, type Pending } from "../../support/still-pending.ts";

/** What the page says of things that are not built yet. */
export const pending: readonly Pending[] = [
  { sentence: "Click your avatar (top-right) > Workspace Settings.", why: "needs the console" },
  { sentence: "Click your avatar (top-right) > Profile.", why: "needs the console" },
  { sentence: "The agent discovers hats and their skills.", why: "needs the catalog" },
];

let server: DialectServer;
let seen: Record<string, unknown>;

beforeAll(async () => {
  server = await startDialectServer("skilder");
  seen = await runGeneratedClient("skilder", server);
});
afterAll(() => server.stop());

describePending(pending, () => server);

/** A person who is logged in, by an invitation to the organization. */
async function addPerson(email: string) {
  const invitation = await server.manage("/organizations/default/invitations", {
    email,
    role: "member",
  });
  const send = (path: string, body: unknown, cookie = "") =>
    fetch(server.url + path, {
      method: "POST",
      headers: { "content-type": "application/json", cookie },
      body: JSON.stringify(body),
    });
  const used = await send("/auth/links/use", {
    token: invitation.token,
    name: "Ada",
    password: "plum kettle orbit window",
  });
  const cookie = (used.headers.get("set-cookie") ?? "").split(";")[0] ?? "";
  return {
    /** The key as it is shown to its person. */
    async show(id: string): Promise<unknown> {
      const response = await fetch(`${server.url}/api-keys/${id}`, { headers: { cookie } });
      return response.json();
    },
    async newKey(body: object): Promise<{ id: string; secret: string; user_id: string }> {
      const response = await send("/api-keys", body, cookie);
      return JSON.parse(await response.text());
    },
  };
}

describe("Key Types", () => {
  test("Workspace Key | WSK_ | Access to skills and tools within a workspace", async () => {
    expect(seen["secret"]).toMatch(/^WSK_[0-9a-f]{64}$/);
    const made = await server.newKey({ environment: "test" });
    expect(made.secret).toMatch(/^WSK_TEST_[0-9a-f]{64}$/);
    expect((await server.call("/v1/permissions", { key: made.secret })).status).toBe(200);
  });

  test("User Key | USK_ | Workspace access tied to a specific user identity", async () => {
    const ada = await addPerson("ada@example.com");
    const made = await ada.newKey({ label: "laptop", type: "user" });
    expect(made.secret).toMatch(/^USK_[0-9a-f]{64}$/);
    expect(made.user_id).toMatch(/^usr_/);
    expect((await server.call("/key", { key: made.secret })).status).toBe(200);
  });

  test("Runtime Key | RTK_ | Used internally by runtime instances to authenticate", () => {
    expect(seen["runtimeSecret"]).toMatch(/^RTK_[0-9a-f]{64}$/);
    expect(seen["runtimeType"]).toBe("runtime");
  });

  test("User Keys are best when you need per-user audit trails", async () => {
    const grace = await addPerson("grace@example.com");
    const made = await grace.newKey({ label: "audited", type: "user" });
    const { data } = await server.manage("/audit-log?limit=5");
    const row = data.find(
      (entry: Record<string, unknown>) => (entry["target"] as { id: string }).id === made.id,
    );
    expect(row).toMatchObject({ action: "key.created", actor: { id: made.user_id } });
  });

  test("Runtime Keys are managed automatically: nobody makes one by hand", async () => {
    const body = { label: "x", type: "runtime" };
    const response = await server.call("/api-keys", { key: server.managementKey, body });
    expect(response.status).toBe(422);
  });
});

describe("Creating an API Key", () => {
  test("Enter a description and click Create", () => {
    expect(seen["description"]).toBe("Answers in #support");
  });

  test("it starts with WSK_ and is shown only once", async () => {
    const { id, secret } = await server.newKey();
    expect(secret).toStartWith("WSK_");
    expect(await server.manage(`/api-keys/${id}`)).not.toHaveProperty("secret");
  });
});

describe("Creating a User Key", () => {
  test("it starts with USK_ and is shown only once", async () => {
    const alan = await addPerson("alan@example.com");
    const { id, secret } = await alan.newKey({ label: "laptop", type: "user" });
    expect(secret).toStartWith("USK_");
    for (const shown of [await alan.show(id), await server.manage(`/api-keys/${id}`)]) {
      expect(shown).toMatchObject({ id, label: "laptop" });
      expect(shown).not.toHaveProperty("secret");
      expect(JSON.stringify(shown)).not.toContain(secret);
    }
  });
});

describe("Revoking a Key", () => {
  test("Revocation is immediate. Any agent using the key loses access instantly", () => {
    expect(seen["revoked"]).toBe("revoked");
    expect(seen["refused"]).toEqual([401, "invalid_api_key"]);
  });

  test("This action cannot be undone", async () => {
    const { id } = await server.newKey();
    await server.manage(`/api-keys/${id}`, undefined, "DELETE");
    const init = { key: server.managementKey, method: "PATCH", body: { enabled: true } };
    expect((await server.call(`/api-keys/${id}`, init)).status).toBe(409);
  });
});

describe("Best Practices", () => {
  test("One key per agent lets you revoke access for a single agent without affecting others", async () => {
    const [one, other] = [await server.newKey(), await server.newKey()];
    await server.manage(`/api-keys/${one.id}`, undefined, "DELETE");
    expect((await server.call("/key", { key: one.secret })).status).toBe(401);
    expect((await server.call("/key", { key: other.secret })).status).toBe(200);
  });

  test("Revoke keys that have been inactive for an extended period", async () => {
    const { id } = await server.newKey({ label: "young" });
    const { data } = await server.manage("/api-keys?unused_for_days=90");
    expect(data.map((key: { id: string }) => key.id)).not.toContain(id);
    const revoked = await server.manage("/api-keys/revoke-batch", { ids: [id] });
    expect(revoked.data[0].status).toBe("revoked");
  });

  test("Rotate keys regularly", async () => {
    const { id, secret } = await server.newKey();
    const rotated = await server.manage(`/api-keys/${id}/rotate`, {});
    expect(rotated.secret).toMatch(/^WSK_[0-9a-f]{64}$/);
    expect((await server.call("/key", { key: secret })).status).toBe(401);
  });

  test("Review which keys are active and when they were last used", async () => {
    const { id, secret } = await server.newKey({ label: "reviewed" });
    const used = await server.call("/key", { key: secret });
    expect(used.status).toBe(200);
    const { data } = await server.manage("/api-keys?status=active&q=reviewed");
    expect(data[0].id).toBe(id);
    expect(data[0]).toHaveProperty("last_used_at");
  });
});

describe("Permissions Model", () => {
  test("API Key → Workspace → Hats → Skills → Tools", async () => {
    const workspace = await server.manage("/workspaces", { slug: "support", name: "Support" });
    const { secret } = await server.newKey({ workspace_id: workspace.id });
    await server.manage("/hats", {
      workspace_id: workspace.id,
      slug: "mail",
      name: "Mail",
      skills: ["gmail/send-message#attach"],
    });
    const response = await server.call("/v1/permissions", { key: secret });
    const { execute } = (await response.json()) as Record<string, unknown>;
    expect(execute).toEqual({ allowed: true, skills: ["gmail/send-message#attach"] });
  });

  test("organize skills into separate hats and assign hats to the appropriate teams", async () => {
    const workspace = await server.manage("/workspaces", { slug: "sales", name: "Sales" });
    const hat = await server.manage("/hats", {
      workspace_id: workspace.id,
      slug: "crm",
      name: "CRM",
      skills: ["crm/*"],
    });
    const team = await server.manage("/teams", { slug: "sales", name: "Sales" });
    const grace = await addPerson("hopper@example.com");
    const made = await grace.newKey({ label: "x", type: "user", workspace_id: workspace.id });
    const skills = async () => {
      const response = await server.call("/v1/permissions", { key: made.secret });
      const { execute } = (await response.json()) as { execute: { skills: string[] } };
      return execute.skills;
    };
    expect(await skills()).toEqual([]);
    await server.manage(`/teams/${team.id}/members/${made.user_id}`, undefined, "PUT");
    await server.manage(`/hats/${hat.id}/wearers/${team.id}`, undefined, "PUT");
    expect(await skills()).toEqual(["crm/*"]);
  });

  test("You can also use separate workspaces for different teams or environments", async () => {
    const keys = await Promise.all(
      ["development", "production"].map(async (slug) => {
        const { id } = await server.manage("/workspaces", { slug, name: slug });
        const hat = { workspace_id: id, slug, name: slug, skills: [`${slug}/*`] };
        await server.manage("/hats", hat);
        return { slug, ...(await server.newKey({ workspace_id: id })) };
      }),
    );
    for (const { slug, secret } of keys) {
      const response = await server.call("/v1/permissions", { key: secret });
      const { execute } = (await response.json()) as { execute: { skills: string[] } };
      expect(execute.skills).toEqual([`${slug}/*`]);
    }
  });

  test("standard errors", async () => {
    const response = await server.call("/key");
    expect([response.status, await response.json()]).toEqual([
      401,
      {
        error: {
          type: "authentication_error",
          code: "missing_api_key",
          message: "API key missing. Send it in the header: Authorization: Bearer KEY.",
          param: null,
          request_id: response.headers.get("x-request-id"),
        },
      },
    ]);
  });
});
