import type { Sent } from "./described-server.ts";
import { type DescribedOperation, operation } from "./openapi-document.ts";

/** What of the answers is used; which of it there is depends on the operation. */
interface Made {
  id: string;
  slug: string;
  secret: string;
  token: string;
  user: { id: string };
  session: { id: string };
  hold: { id: string };
  data: { id: string }[];
}

export interface Person {
  id: string;
  email: string;
  cookie: string;
}

export type World = Awaited<ReturnType<typeof createWorld>>;

/** The one whom the examples are about: her address, and the password she has. */
export const ada = bodyOf("logIn") as { email: string; password: string };

/** The organization that the examples name in a header. */
export const acmeHeader = { "tollgate-organization": "acme" };

/**
 * Makes the things that examples are about, by the API alone: the organization `acme` with Ada as its
 * owner, and in it, each time it is asked, a new thing under a name that nothing else has.
 */
export async function createWorld(
  send: (one: DescribedOperation, sent: Sent) => Promise<Response>,
  operatorKey: string,
) {
  let named = 0;
  const newName = (what: string) => `${what}-${++named}`;

  async function perform(id: string, sent: Sent): Promise<{ made: Made; cookie: string }> {
    const response = await send(operation(id), { key: operatorKey, ...sent });
    const text = await response.text();
    if (!response.ok) throw new Error(`${id} answers ${response.status}: ${text}`);
    const cookie = response.headers.get("set-cookie")?.split(";")[0] ?? "";
    return { made: text === "" ? {} : JSON.parse(text), cookie };
  }

  async function create(id: string, sent: Sent): Promise<Made> {
    return (await perform(id, { headers: acmeHeader, ...sent })).made;
  }

  function newOrganization(slug = newName("organization")): Promise<Made> {
    return create("createOrganization", { headers: {}, body: { slug, name: slug } });
  }

  function newWorkspace(): Promise<Made> {
    const slug = newName("workspace");
    return create("createWorkspace", { body: { slug, name: slug } });
  }

  function newTeam(): Promise<Made> {
    const slug = newName("team");
    return create("createTeam", { body: { slug, name: slug } });
  }

  function newPlan(): Promise<Made> {
    const slug = newName("plan");
    return create("createPlan", { body: { slug, name: slug } });
  }

  function newKey(body: object = {}, headers: Record<string, string> = acmeHeader): Promise<Made> {
    return create("createKey", { headers, body: { label: "of the example", ...body } });
  }

  /** A hat narrows the keys of its workspace, so it has one of its own unless it is given one. */
  async function newHat(workspaceId?: string): Promise<Made> {
    const slug = newName("hat");
    const workspace_id = workspaceId ?? (await newWorkspace()).id;
    return create("createHat", { body: { slug, name: slug, skills: ["gmail/*"], workspace_id } });
  }

  function newRuntime(key: string): Promise<Made> {
    return create("registerRuntime", { key, body: { name: newName("runtime") } });
  }

  function newInvitation({ email = newEmail(), role = "viewer", organization = acme } = {}) {
    const path = { id: organization };
    return create("createInvitation", { path, body: { email, role } });
  }

  /** Somebody who was invited, has come and is logged in. */
  async function newPerson(invited: Parameters<typeof newInvitation>[0] = {}): Promise<Person> {
    const { email = newEmail() } = invited;
    const { token } = await newInvitation({ ...invited, email });
    const body = { token, password: ada.password };
    const { made, cookie } = await perform("useLink", { key: undefined, body });
    return { id: made.user.id, email, cookie };
  }

  /** One more session of somebody's. */
  async function newSession(email = ada.email): Promise<{ id: string; cookie: string }> {
    const body = { email, password: ada.password };
    const { made, cookie } = await perform("logIn", { key: undefined, body });
    return { id: made.session.id, cookie };
  }

  function newEmail(): string {
    return `${newName("person")}@example.com`;
  }

  const { id: acme } = await newOrganization("acme");
  const owner = await newPerson({ email: ada.email, role: "owner" });
  return {
    perform,
    newName,
    newOrganization,
    newWorkspace,
    newTeam,
    newPlan,
    newKey,
    newHat,
    newRuntime,
    newInvitation,
    newPerson,
    newSession,
    acme,
    ada: owner,
  };
}

function bodyOf(id: string): unknown {
  return operation(id).requestBody?.content["application/json"]?.example;
}
