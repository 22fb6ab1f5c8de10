import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { isAtLeast, type Role, roles } from "../../src/core/tenancy.ts";
import { managementScopes, routeAccess, scopesOfRole } from "../../src/http/route-access.ts";
import { type ManagementCall, managementCalls } from "../support/management-calls.ts";
import { addOperator, type Person } from "../support/people.ts";
import { addTenant, type Tenant } from "../support/tenant.ts";
import { type Answer, startTestApp, type TestApp } from "../support/test-app.ts";

let app: TestApp;
let tenant: Tenant;
let stranger: Tenant;
let operator: Person;

beforeAll(async () => {
  app = await startTestApp({ flags: { anonymousPerMinute: "1000000" } });
  tenant = await addTenant(app, "acme");
  stranger = await addTenant(app, "other");
  operator = await addOperator(app);
});
afterAll(() => app.stop());

const routes = managementCalls({ organization: "org_none" }).map(({ route }) => route);

function callOf(route: string): ManagementCall {
  const calls = managementCalls({ organization: tenant.organization });
  const found = calls.find((call) => call.route === route);
  if (found === undefined) throw new Error(`There is no call of ${route}`);
  return found;
}

/** About the tenant, whether the path says so or not. */
function send(person: Person, { route, method, path, body }: ManagementCall): Promise<Answer> {
  const headers = { "tollgate-organization": tenant.organization };
  return person.call(path, { method, headers, body: bodyOf(route, body, person) });
}

/** A member makes user keys and no others; an operator is no member and makes none. */
function bodyOf(route: string, body: unknown, person: Person): unknown {
  return route === "POST /api-keys" && person !== operator ? { label: "x", type: "user" } : body;
}

describe.each(routes)("%s", (route) => {
  test.each([...roles])("as %s", async (role: Role) => {
    const call = callOf(route);
    const { status, body } = await send(tenant.people[role], call);
    const mayCall = call.access.role !== "operator" && isAtLeast(role, call.access.role);
    if (mayCall) expect([200, 201, 204, 404, 409, 422]).toContain(status);
    else expect([status, body.error.code]).toEqual([403, "insufficient_role"]);
  });

  test("as an operator", async () => {
    const { status } = await send(operator, callOf(route));
    expect([200, 201, 204, 404, 409, 422]).toContain(status);
  });

  test("as an owner of another organization: 404, or 403 for what is the operator's", async () => {
    const call = callOf(route);
    const { status, body } = await send(stranger.people.owner, call);
    const expected =
      call.access.role === "operator" ? [403, "insufficient_role"] : [404, "not_found"];
    expect([status, body.error?.code]).toEqual(expected);
  });

  test("as another organization's key: 404, or 403 for what is the operator's", async () => {
    const { method, path, body, access } = callOf(route);
    const headers = { "tollgate-organization": tenant.organization };
    const key = stranger.manager.secret;
    const answer = await app.call(path, { method, body, headers, key });
    const expected = access.role === "operator" ? [403, "wrong_key_type"] : [404, "not_found"];
    expect([answer.status, answer.body.error?.code]).toEqual(expected);
  });

  test("as nobody, as a key of the data plane and with a session that is none", async () => {
    const { method, path, body } = callOf(route);
    expect((await app.call(path, { method, body })).status).toBe(401);
    const key = await app.call(path, { method, body, key: tenant.key.secret });
    expect([key.status, key.body.error.code]).toEqual([403, "wrong_key_type"]);
    const cookie = `__Host-tollgate_session=${"0".repeat(64)}`;
    const none = await app.call(path, { method, body, headers: { cookie } });
    expect([none.status, none.body.error.code]).toEqual([401, "invalid_session"]);
  });

  test("with every scope but its own: 403 that names the scope", async () => {
    const { method, path, body, access } = callOf(route);
    const scopes = managementScopes.filter((scope) => scope !== access.scope);
    const { secret } = await app.newKey({ type: "management", scopes });
    const answer = await app.call(path, { method, body, key: secret });
    expect([answer.status, answer.body.error.code]).toEqual([403, "insufficient_scope"]);
    expect(answer.headers.get("www-authenticate")).toContain(`scope="${access.scope}"`);
  });
});

describe("the matrix", () => {
  const open = (role: Role) =>
    Object.entries(routeAccess)
      .filter(([route]) => !route.startsWith("GET "))
      .filter(([, access]) => access.kind === "management" && access.role === role)
      .map(([route]) => route);

  test("lets a viewer change nothing but to leave", () => {
    expect(open("viewer").toSorted()).toEqual([
      "DELETE /organizations/:id/members/:user_id",
      "POST /v1/permissions/explain",
    ]);
  });

  test("lets a member change keys and runtimes of their own", () => {
    expect(open("member").toSorted()).toEqual([
      "DELETE /api-keys/:id",
      "DELETE /runtimes/:id",
      "PATCH /api-keys/:id",
      "POST /api-keys",
      "POST /api-keys/:id/rotate",
      "POST /api-keys/revoke-batch",
    ]);
  });

  test("leaves deleting the organization to its owners", () => {
    expect(open("owner")).toEqual(["DELETE /organizations/:id"]);
  });

  test("gives an admin's management keys no scope that opens what is closed to the admin", () => {
    expect(scopesOfRole("admin")).not.toContain("organizations:delete");
    expect(scopesOfRole("owner")).toContain("organizations:delete");
    for (const scope of ["plans:write", "users:read", "users:write", "metrics:read"]) {
      expect(scopesOfRole("owner")).not.toContain(scope);
    }
  });

  test("has a row for every route of the application", async () => {
    const { createApp } = await import("../../src/app.ts");
    const mounted = createApp(app.services).routes.map(({ method, path }) => `${method} ${path}`);
    expect(mounted.toSorted()).toEqual(Object.keys(routeAccess).toSorted());
  });
});
