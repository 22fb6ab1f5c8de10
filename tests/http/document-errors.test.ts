import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { bodyBytesMax } from "../../src/http/json-body.ts";
import { type ManagementAccess, routeAccess } from "../../src/http/route-access.ts";
import { importBytesMax } from "../../src/keys/import-schemas.ts";
import {
  answerFaults,
  type DescribedServer,
  kindOf,
  type Sent,
  startDescribedServer,
} from "../support/described-server.ts";
import type { Person } from "../support/described-world.ts";
import {
  type DescribedOperation,
  operations,
  type Parameter,
  sessionCookieName,
} from "../support/openapi-document.ts";

let server: DescribedServer;
let viewer: Person;

beforeAll(async () => {
  server = await startDescribedServer();
  viewer = await server.world.newPerson({ role: "viewer" });
});

afterAll(() => server.stop());

const made = new Map<string, Promise<Sent>>();

/** What a refused call is about is still there afterwards, so it is made once for an operation. */
function examplesOf(one: DescribedOperation): Promise<Sent> {
  const sent = made.get(one.operationId) ?? server.examplesOf(one);
  made.set(one.operationId, sent);
  return sent;
}

const parametersOf = ({ parameters = [] }: DescribedOperation, place: Parameter["in"]) =>
  parameters.filter((parameter) => parameter.in === place).map(({ name }) => name);

const keyed = operations.filter((one) => ["data", "management"].includes(kindOf(one)));
const personal = operations.filter((one) => kindOf(one) === "session");
const managing = operations.flatMap((one) => {
  const access = routeAccess[one.route];
  return access?.kind === "management" ? [{ ...one, access }] : [];
});
const aboveViewers = managing.filter(({ access }) => access.role !== "viewer");
const operating = managing.filter(({ access }) => access.role === "operator");
const ofOrganization = operations.filter((one) =>
  parametersOf(one, "header").includes("Tollgate-Organization"),
);
/** Browsers send a cookie by themselves, so these could be another site's doing. */
const byCookie = operations.filter((one) => kindOf(one) !== "data" && one.method !== "GET");
const named = operations.flatMap((one) =>
  parametersOf(one, "path").map((parameter) => ({ ...one, parameter })),
);
const withBody = operations.filter(({ requestBody }) => requestBody !== undefined);
/** A body is read wherever it has a meaning in HTTP, also where none is wanted. */
const reading = operations.filter(({ method }) => ["POST", "PUT", "PATCH"].includes(method));

const noSession = `${sessionCookieName}=${"0".repeat(64)}`;

describe.each(keyed)("$operationId", (one) => {
  test("without a key is 401 with a challenge", async () => {
    const sent = { ...(await examplesOf(one)), key: undefined };
    const { headers } = await server.expectError(one, sent, "missing_api_key");
    expect(headers.get("www-authenticate")).toBe('Bearer realm="tollgate"');
  });

  test("with a key that does not exist is 401 with a challenge", async () => {
    const sent = { ...(await examplesOf(one)), key: "sk_live_no" };
    const { headers } = await server.expectError(one, sent, "invalid_api_key");
    expect(headers.get("www-authenticate")).toContain('error="invalid_token"');
  });

  test("with two credentials in one header is 400", async () => {
    const sent = { ...(await examplesOf(one)), key: "a b" };
    const { headers } = await server.expectError(one, sent, "malformed_authorization");
    expect(headers.get("www-authenticate")).toContain('error="invalid_request"');
  });
});

describe.each(managing)("$operationId", (one) => {
  test("with a key of the data plane is 403", async () => {
    const sent = { ...(await examplesOf(one)), key: server.dataKey };
    await server.expectError(one, sent, "wrong_key_type");
  });

  test("with a management key that lacks the scope is 403 and names it", async () => {
    const { scope } = one.access;
    const key = await newManagementKey(scope === "keys:read" ? "verify" : "keys:read");
    const sent = { ...(await examplesOf(one)), key };
    const { headers } = await server.expectError(one, sent, "insufficient_scope");
    expect(headers.get("www-authenticate")).toContain(`scope="${scope}"`);
  });
});

describe.each(operating)("$operationId", (one) => {
  test("with a management key of an organization is 403", async () => {
    const key = await newManagementKey(one.access.scope);
    await server.expectError(one, { ...(await examplesOf(one)), key }, "wrong_key_type");
  });
});

describe.each(aboveViewers)("$operationId", (one) => {
  test("with the session of a viewer is 403", async () => {
    const { path = {}, ...sent } = await examplesOf(one);
    const inAcme = one.path.startsWith("/organizations/{id}") ? { id: server.world.acme } : {};
    const asViewer = { key: undefined, cookie: viewer.cookie, path: { ...path, ...inAcme } };
    await server.expectError(one, { ...sent, ...asViewer }, "insufficient_role");
  });
});

describe.each(personal)("$operationId", (one) => {
  test("without a session is 401, with a key too", async () => {
    const sent = { ...(await examplesOf(one)), cookie: undefined };
    await server.expectError(one, sent, "missing_credentials");
    await server.expectError(one, { ...sent, key: server.managementKey }, "missing_credentials");
  });
});

describe.each([...personal, ...managing])("$operationId", (one) => {
  test("with a session that is none is 401", async () => {
    const sent = { ...(await examplesOf(one)), key: undefined, cookie: noSession };
    await server.expectError(one, sent, "invalid_session");
  });
});

describe.each(byCookie)("$operationId", (one) => {
  test("sent by a page of another site is 403", async () => {
    const { headers, ...sent } = await examplesOf(one);
    const foreign = {
      ...sent,
      key: undefined,
      cookie: server.operator.cookie,
      headers: { ...headers, "sec-fetch-site": "cross-site" },
    };
    await server.expectError(one, foreign, "cross_site_request");
  });
});

describe.each(named)("$operationId", (one) => {
  test(`with a {${one.parameter}} that does not exist is 404`, async () => {
    const { path, ...sent } = await examplesOf(one);
    const nowhere = { ...path, [one.parameter]: "key_00000000000000000000000000000000" };
    await server.expectError(one, { ...sent, path: nowhere }, "not_found");
  });
});

describe.each(ofOrganization)("$operationId", (one) => {
  test("about an organization that does not exist is 404", async () => {
    const { headers, ...sent } = await examplesOf(one);
    const nowhere = { ...headers, "Tollgate-Organization": "nowhere" };
    await server.expectError(one, { ...sent, headers: nowhere }, "not_found");
  });
});

describe.each(withBody)("$operationId", (one) => {
  test("with a field that is not known is 422 and names it", async () => {
    const sent = await examplesOf(one);
    const body = { ...(sent.body as object), surprise: 1 };
    const { error } = await server.expectError(one, { ...sent, body }, "validation_failed");
    expect(error.param).toBe("surprise");
    expect(error.details.map(({ param }) => param)).toContain("surprise");
  });
});

describe.each(reading)("$operationId", (one) => {
  test("with a body that is no JSON is 400", async () => {
    const sent = { ...(await examplesOf(one)), body: '{"label": ' };
    await server.expectError(one, sent, "invalid_json");
  });

  test("with a body of another media type is 415", async () => {
    const { headers, ...sent } = await examplesOf(one);
    const asText = {
      ...sent,
      body: "hello",
      headers: { ...headers, "content-type": "text/plain" },
    };
    await server.expectError(one, asText, "unsupported_media_type");
  });

  test("with a body over its bound is 413", async () => {
    const bytesMax = one.operationId === "importKeys" ? importBytesMax : bodyBytesMax;
    const body = JSON.stringify({ label: "x".repeat(bytesMax) });
    await server.expectError(one, { ...(await examplesOf(one)), body }, "payload_too_large");
  });
});

describe.each(operations)("$operationId", (one) => {
  test("was refused without an effect: it answers with its success then", async () => {
    const response = await server.send(one, await examplesOf(one));
    const [status] = Object.keys(one.responses);
    expect([response.status, await answerFaults(one, response)]).toEqual([Number(status), []]);
  });
});

/** A management key of acme with one scope, which is not the operator's. */
async function newManagementKey(scope: ManagementAccess["scope"]): Promise<string> {
  return (await server.world.newKey({ type: "management", scopes: [scope] })).secret;
}
