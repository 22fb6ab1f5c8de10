import type { Role } from "../../src/core/tenancy.ts";
import { sessionCookieName } from "../../src/sessions/session-cookie.ts";
import type { Answer, CallOptions, TestApp } from "./test-app.ts";

/** What everybody chooses here who does not say otherwise. */
export const usualPassword = "plum kettle orbit window";

/** Somebody who is logged in. */
export interface Person {
  id: string;
  email: string;
  password: string;
  /** For the `cookie` header: the name and the token of the session. */
  cookie: string;
  /** A call with that cookie. */
  call(path: string, init?: CallOptions): Promise<Answer>;
}

let counted = 0;

/** An address that nobody had before. */
export function newEmail(): string {
  counted++;
  return `person${counted}@example.com`;
}

/** The organization that a new installation starts with. */
export async function defaultOrganization(app: TestApp): Promise<string> {
  return (await app.manage("/organizations")).body.data[0].id;
}

/** A new organization, by the operator's key. Returns its id. */
export async function addOrganization(app: TestApp, slug: string): Promise<string> {
  const made = await app.manage("/organizations", { body: { slug, name: slug } });
  return expectStatus(made, 201).body.id;
}

/** Invites by the operator's key. Returns the answer, with the link and its token. */
export async function inviteTo(
  app: TestApp,
  organization: string,
  body: { email: string; role: Role },
): Promise<{ id: string; token: string; url: string; expires_at: string }> {
  const made = await app.manage(`/organizations/${organization}/invitations`, { body });
  return expectStatus(made, 201).body;
}

/**
 * Somebody of this role in an organization (the first one, when none is given), by an invitation that
 * is used. Give an address again to let the same person into a second organization.
 */
export async function addPerson(
  app: TestApp,
  options: { role: Role; organization?: string; email?: string; password?: string },
): Promise<Person> {
  const { role, email = newEmail(), password = usualPassword } = options;
  const organization = options.organization ?? (await defaultOrganization(app));
  const { token } = await inviteTo(app, organization, { email, role });
  const used = await app.call("/auth/links/use", { body: { token, password } });
  return personOf(app, used, password);
}

/** Somebody who is made an operator by the operator's key, and belongs to an organization as well. */
export async function addOperator(app: TestApp, role: Role = "viewer"): Promise<Person> {
  const person = await addPerson(app, { role });
  const body = { is_operator: true };
  expectStatus(await app.manage(`/users/${person.id}`, { method: "PATCH", body }), 200);
  return person;
}

/** The same person in another browser. */
export async function logInAs(
  app: TestApp,
  { email, password }: { email: string; password: string },
): Promise<Person> {
  const answer = await app.call("/auth/login", { body: { email, password } });
  return personOf(app, answer, password);
}

/** Who is logged in by this answer. Throws when nobody is. */
export function personOf(app: TestApp, answer: Answer, password: string): Person {
  const { id, email } = expectStatus(answer, 200).body.user;
  const cookie = cookieOf(answer);
  return {
    id,
    email,
    password,
    cookie,
    call: (path, init = {}) => app.call(path, { ...init, headers: { ...init.headers, cookie } }),
  };
}

/** What a browser sends back after this answer, such as `name=token`. */
export function cookieOf({ headers }: Answer): string {
  const [pair = ""] = (headers.get("set-cookie") ?? "").split(";");
  return pair;
}

/** The token in such a cookie. */
export function tokenOf(cookie: string): string {
  return cookie.slice(`${sessionCookieName}=`.length);
}

function expectStatus(answer: Answer, status: number): Answer {
  if (answer.status === status) return answer;
  throw new Error(`${answer.status} for ${status}: ${JSON.stringify(answer.body)}`);
}
