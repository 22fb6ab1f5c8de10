import { type Role, roles } from "../../src/core/tenancy.ts";
import { addOrganization, addPerson, newEmail, type Person } from "./people.ts";
import type { TestApp } from "./test-app.ts";

/** An organization with one of everything in it. */
export interface Tenant {
  organization: string;
  slug: string;
  people: Record<Role, Person>;
  workspace: string;
  team: string;
  hat: string;
  /** A workspace key and its secret, and the same of a user key of the member's. */
  key: { id: string; secret: string };
  userKey: { id: string; secret: string };
  /** A management key with every scope, bound to the organization. */
  manager: { id: string; secret: string };
  runtime: string;
  invitation: string;
}

/** Makes such an organization, by its own owner as far as that goes. */
export async function addTenant(app: TestApp, slug: string): Promise<Tenant> {
  const organization = await addOrganization(app, slug);
  const people = {} as Record<Role, Person>;
  for (const role of roles) people[role] = await addPerson(app, { role, organization });
  const { owner, member } = people;
  const make = async (path: string, body: object, by = owner) => {
    const made = await by.call(path, { body });
    if (made.status !== 201) throw new Error(`${path}: ${JSON.stringify(made.body)}`);
    return made.body;
  };
  const key = await make("/api-keys", { label: "service" });
  const workspace = await make("/workspaces", { slug: "second", name: "Second" });
  const runtime = await app.call("/v1/runtimes", { key: key.secret, body: { name: "worker" } });
  const team = await make("/teams", { slug: "team", name: "Team" });
  const hat = await make("/hats", {
    slug: "hat",
    name: "Hat",
    skills: ["github/*"],
    workspace_id: workspace.id,
  });
  const manager = await app.manage("/api-keys", {
    headers: { "tollgate-organization": organization },
    body: { label: "manager", type: "management", scopes: ["*"] },
  });
  const userKey = await make("/api-keys", { label: "mine", type: "user" }, member);
  const invited = { email: newEmail(), role: "viewer" };
  const invitation = await make(`/organizations/${organization}/invitations`, invited);
  return {
    organization,
    slug,
    people,
    workspace: workspace.id,
    team: team.id,
    hat: hat.id,
    key: { id: key.id, secret: key.secret },
    userKey: { id: userKey.id, secret: userKey.secret },
    manager: { id: manager.body.id, secret: manager.body.secret },
    runtime: runtime.body.id,
    invitation: invitation.id,
  };
}
