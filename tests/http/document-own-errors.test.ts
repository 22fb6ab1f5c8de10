import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  type DescribedServer,
  type Sent,
  startDescribedServer,
} from "../support/described-server.ts";
import { acmeHeader, ada } from "../support/described-world.ts";
import { operation } from "../support/openapi-document.ts";

let server: DescribedServer;
/** A call by the operator's key about acme. */
let inAcme: Sent;

beforeAll(async () => {
  server = await startDescribedServer();
  inAcme = { key: server.managementKey, headers: acmeHeader };
});

afterAll(() => server.stop());

function expectError(id: string, sent: Sent, code: string) {
  return server.expectError(operation(id), sent, code);
}

const creations = [
  "createOrganization",
  "createWorkspace",
  "createTeam",
  "createHat",
  "createPlan",
];

describe.each(creations)("%s", (id) => {
  test("with a slug that is taken is 409", async () => {
    const sent = await server.examplesOf(operation(id));
    await server.world.perform(id, sent);
    const again = { ...sent.headers, "Idempotency-Key": crypto.randomUUID() };
    const { error } = await expectError(id, { ...sent, headers: again }, "conflict");
    expect(error.param).toBe("slug");
  });
});

describe("the last one of its kind stays", () => {
  test("changeMember and removeMember of the last owner are 409", async () => {
    const { acme } = server.world;
    const path = { id: acme, user_id: server.world.ada.id };
    await expectError("changeMember", { ...inAcme, path, body: { role: "viewer" } }, "conflict");
    await expectError("removeMember", { ...inAcme, path }, "conflict");
  });

  test("changeUser of the last operator is 409", async () => {
    const path = { id: server.operator.id };
    await expectError("changeUser", { ...inAcme, path, body: { state: "disabled" } }, "conflict");
  });

  test("deleteWorkspace of an organization's last workspace is 409", async () => {
    const { slug } = await server.world.newOrganization();
    const headers = { "tollgate-organization": slug };
    const sent = { key: server.managementKey, headers };
    const listed = await server.send(operation("listWorkspaces"), sent);
    const { data } = (await listed.json()) as { data: { id: string; slug: string }[] };
    const [{ id, slug: confirm } = { id: "", slug: "" }] = data;
    await expectError("deleteWorkspace", { ...sent, path: { id }, query: { confirm } }, "conflict");
  });
});

describe("what is in use stays", () => {
  test("deletePlan of a plan in use is 409", async () => {
    await expectError("deletePlan", { ...inAcme, path: { slug: "free" } }, "conflict");
  });

  test("deleteHat of a hat that a key wears is 409", async () => {
    const { id: workspace_id } = await server.world.newWorkspace();
    const { id } = await server.world.newHat(workspace_id);
    await server.world.newKey({ workspace_id, hats: [id] });
    await expectError("deleteHat", { ...inAcme, path: { id } }, "conflict");
  });
});

describe("a change that does not fit", () => {
  test("listKeys with a parameter that does not fit is 422", async () => {
    const query = { limit: "0", status: "asleep" };
    const { error } = await expectError("listKeys", { ...inAcme, query }, "validation_failed");
    expect(error.details.map(({ param }) => param).sort()).toEqual(["limit", "status"]);
  });

  test("deleteOrganization and deleteWorkspace with another slug are 422", async () => {
    const { newOrganization, newWorkspace } = server.world;
    for (const [id, made] of [
      ["deleteOrganization", await newOrganization()],
      ["deleteWorkspace", await newWorkspace()],
    ] as const) {
      const sent = { ...inAcme, path: { id: made.id }, query: { confirm: "production" } };
      const { error } = await expectError(id, sent, "validation_failed");
      expect(error.param).toBe("confirm");
    }
  });

  test("a list with the cursor of another list is 422", async () => {
    const { query = {} } = await server.examplesOf(operation("listTeams"));
    const { error } = await expectError(
      "listWorkspaces",
      { ...inAcme, query },
      "validation_failed",
    );
    expect(error.param).toBe("cursor");
  });

  test("createInvitation of a member is 409", async () => {
    const path = { id: server.world.acme };
    const body = { email: ada.email, role: "viewer" };
    await expectError("createInvitation", { ...inAcme, path, body }, "conflict");
  });

  test("updateKey and rotateKey of a revoked key are 409", async () => {
    const { id } = await server.world.newKey();
    const sent = { ...inAcme, path: { id } };
    await server.send(operation("revokeKey"), sent);
    const body = { label: "back again" };
    await expectError("updateKey", { ...sent, body }, "key_revoked");
    await expectError("rotateKey", sent, "key_revoked");
  });

  test("createKey with an Idempotency-Key of another request is 422", async () => {
    const headers = { ...acmeHeader, "idempotency-key": "used before" };
    const sent = { ...inAcme, headers };
    await server.send(operation("createKey"), { ...sent, body: { label: "one" } });
    const other = { ...sent, body: { label: "two" } };
    await expectError("createKey", other, "idempotency_key_reused");
  });
});

describe("a key that is good, for something else", () => {
  test("showPresentedKey over the limit is 429 and says when to come back", async () => {
    const { secret: key } = await server.world.newKey({ limits: { requests_per_day: 0 } });
    const { headers, error } = await expectError(
      "showPresentedKey",
      { key },
      "daily_limit_reached",
    );
    expect(Number(headers.get("retry-after"))).toBe(error.retry_after);
    for (const name of ["x-ratelimit-limit", "x-ratelimit-reset", "ratelimit", "ratelimit-policy"])
      expect([name, headers.has(name)]).toEqual([name, true]);
  });

  test("showPresentedKey with a scope that the key lacks is 403", async () => {
    const { secret: key } = await server.world.newKey({ scopes: ["discover"] });
    const sent = { key, query: { scope: "execute" } };
    await expectError("showPresentedKey", sent, "insufficient_scope");
  });

  test("showPresentedKey with a skill that no hat of the key has is 403 and names the parameter", async () => {
    const { id: workspace_id } = await server.world.newWorkspace();
    await server.world.newHat(workspace_id);
    const { secret: key } = await server.world.newKey({ workspace_id });
    const sent = { key, query: { skill: "github/create-issue" } };
    const { error } = await expectError("showPresentedKey", sent, "skill_not_allowed");
    expect(error.param).toBe("skill");
  });

  test("showPresentedKey with a key of a suspended workspace is 403", async () => {
    const { id } = await server.world.newWorkspace();
    const { secret: key } = await server.world.newKey({ workspace_id: id });
    const body = { state: "suspended" };
    await server.world.perform("changeWorkspace", { ...inAcme, path: { id }, body });
    await expectError("showPresentedKey", { key }, "owner_suspended");
  });

  test("registerRuntime by a runtime is 403", async () => {
    const { newKey, newRuntime } = server.world;
    const { secret: key } = await newRuntime((await newKey()).secret);
    await expectError("registerRuntime", { key, body: { name: "a child" } }, "wrong_key_type");
  });
});

describe("people", () => {
  test("createKey with a viewer's session is 403", async () => {
    const { cookie } = await server.world.newPerson({ role: "viewer" });
    await expectError("createKey", { cookie, body: { label: "mine" } }, "insufficient_role");
  });

  test("listKeys with the session of somebody who is in no organization is 403", async () => {
    const { id, cookie } = await server.world.newPerson();
    const path = { id: server.world.acme, user_id: id };
    await server.world.perform("removeMember", { ...inAcme, path });
    await expectError("listKeys", { cookie }, "insufficient_role");
  });

  test("listKeys with the session of somebody else about an organization is 404", async () => {
    const { slug } = await server.world.newOrganization();
    const { cookie } = await server.world.newPerson();
    const headers = { "tollgate-organization": slug };
    await expectError("listKeys", { cookie, headers }, "not_found");
  });

  test("listKeys with the session of a member of two organizations who names none is 422", async () => {
    const { email, cookie } = await server.world.newPerson();
    const { id: organization } = await server.world.newOrganization();
    const { token } = await server.world.newInvitation({ email, organization });
    await server.world.perform("useLink", { body: { token, password: ada.password } });
    const { error } = await expectError("listKeys", { cookie }, "validation_failed");
    expect(error.param).toBe("Tollgate-Organization");
  });

  test("listKeys with the session of a suspended organization's member is 403", async () => {
    const { id: organization } = await server.world.newOrganization();
    const { cookie } = await server.world.newPerson({ organization });
    const change = { ...inAcme, path: { id: organization }, body: { state: "suspended" } };
    await server.world.perform("changeOrganization", change);
    await expectError("listKeys", { cookie }, "owner_suspended");
  });

  test("logIn, changePassword and useLink with a wrong password are 401", async () => {
    const password = "certainly not hers";
    const { cookie } = server.world.ada;
    await expectError("logIn", { body: { email: ada.email, password } }, "login_failed");
    const change = { current_password: password, new_password: "seven violet harbour lamps" };
    await expectError("changePassword", { cookie, body: change }, "login_failed");
    const { id: organization } = await server.world.newOrganization();
    const { token } = await server.world.newInvitation({ email: ada.email, organization });
    await expectError("useLink", { body: { token, password } }, "login_failed");
  });

  test("logIn after ten wrong passwords is 429 and says when to come back", async () => {
    const sent = { body: { email: "nobody@example.com", password: "a guess" } };
    for (let tries = 0; tries < 10; tries++) await server.send(operation("logIn"), sent);
    const { headers, error } = await expectError("logIn", sent, "rate_limit_exceeded");
    expect(Number(headers.get("retry-after"))).toBe(error.retry_after);
  });

  test("showLink and useLink with a link that was used are 410", async () => {
    const { token } = await server.world.newInvitation();
    const body = { token, password: ada.password };
    await server.world.perform("useLink", { body });
    await expectError("showLink", { body: { token } }, "link_not_valid");
    await expectError("useLink", { body }, "link_not_valid");
  });

  test("useLink and changePassword with a password that is common are 422", async () => {
    const { token } = await server.world.newInvitation();
    const weak = "password1234";
    const { error } = await expectError(
      "useLink",
      { body: { token, password: weak } },
      "validation_failed",
    );
    expect(error.param).toBe("password");
    const { cookie } = server.world.ada;
    const body = { current_password: ada.password, new_password: weak };
    const changed = await expectError("changePassword", { cookie, body }, "validation_failed");
    expect(changed.error.param).toBe("new_password");
  });
});

test("headers that are too large are 431, without a body", async () => {
  const response = await server.send(operation("showHealth"), {
    headers: { "x-large": "x".repeat(1e5) },
  });
  expect([response.status, await response.text()]).toEqual([431, ""]);
});
