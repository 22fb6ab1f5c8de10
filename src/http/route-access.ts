import { isAtLeast, type Role } from "../core/tenancy.ts";

/** The scopes that a management key can hold. */
export const managementScopes = [
  "keys:read",
  "keys:write",
  "verify",
  "organizations:read",
  "organizations:write",
  "organizations:delete",
  "members:read",
  "members:write",
  "workspaces:read",
  "workspaces:write",
  "teams:read",
  "teams:write",
  "hats:read",
  "hats:write",
  "runtimes:read",
  "runtimes:write",
  "users:read",
  "users:write",
  "plans:read",
  "plans:write",
  "prices:read",
  "prices:write",
  "credits:read",
  "credits:write",
  "usage:read",
  "recharges:read",
  "recharges:write",
  "webhooks:read",
  "webhooks:write",
  "audit:read",
  "metrics:read",
] as const;
export type ManagementScope = (typeof managementScopes)[number];

/** Who may call: a person of this role at least, or only the operator of the instance. */
export type LeastRole = Role | "operator";

export interface ManagementAccess {
  kind: "management";
  /** What a management key has to hold. */
  scope: ManagementScope;
  /** What a person has to be; `operator` asks a key for being the operator's too. */
  role: LeastRole;
  /** The call is not about one organization: a person of several need not say which. */
  anyOrganization?: true;
}

export type RouteAccess =
  | { kind: "public" }
  /** Any key but a management key, through the decision. */
  | { kind: "data" }
  /** Anybody who is logged in, about themselves. */
  | { kind: "session" }
  | ManagementAccess;

/**
 * Who may call what: one row a route, with the scope for keys and the least role for people. A route
 * without a row answers nobody, and a test calls every row as every role.
 */
export const routeAccess: Readonly<Record<string, RouteAccess>> = {
  "GET /key": { kind: "data" },
  "GET /v1/key": { kind: "data" },
  "GET /api/v1/key": { kind: "data" },
  "GET /v1/permissions": { kind: "data" },
  "POST /v1/runtimes": { kind: "data" },
  "POST /v1/runtimes/:id/heartbeat": { kind: "data" },
  "DELETE /v1/runtimes/:id": { kind: "data" },

  "POST /v1/keys/verify": to("verify", "admin"),
  "POST /v1/keys/verify-batch": to("verify", "admin"),
  "POST /v1/holds": to("verify", "admin"),
  "GET /v1/holds/:id": to("verify", "admin"),
  "POST /v1/holds/:id/settle": to("verify", "admin"),
  "POST /v1/holds/:id/release": to("verify", "admin"),
  "POST /v1/permissions/explain": to("hats:read", "viewer"),

  "GET /api-keys": to("keys:read", "viewer"),
  // A member makes and changes user keys of their own and no others: `coverage.ts`.
  "POST /api-keys": to("keys:write", "member"),
  "POST /api-keys/import": to("keys:write", "admin"),
  "POST /api-keys/revoke-batch": to("keys:write", "member"),
  "GET /api-keys/:id": to("keys:read", "viewer"),
  "PATCH /api-keys/:id": to("keys:write", "member"),
  "DELETE /api-keys/:id": to("keys:write", "member"),
  "POST /api-keys/:id/rotate": to("keys:write", "member"),

  "GET /runtimes": to("runtimes:read", "viewer"),
  "GET /runtimes/:id": to("runtimes:read", "viewer"),
  // A member ends the runtimes of keys of their own.
  "DELETE /runtimes/:id": to("runtimes:write", "member"),

  "GET /organizations": { ...to("organizations:read", "viewer"), anyOrganization: true },
  "POST /organizations": to("organizations:write", "operator"),
  "GET /organizations/:id": to("organizations:read", "viewer"),
  "PATCH /organizations/:id": to("organizations:write", "admin"),
  "DELETE /organizations/:id": to("organizations:delete", "owner"),

  "GET /organizations/:id/members": to("members:read", "viewer"),
  "GET /organizations/:id/members/:user_id": to("members:read", "viewer"),
  "PATCH /organizations/:id/members/:user_id": to("members:write", "admin"),
  // Anybody may leave; to remove others takes an admin: `change-members.ts`.
  "DELETE /organizations/:id/members/:user_id": to("members:write", "viewer"),
  "POST /organizations/:id/members/:user_id/password-reset": to("members:write", "admin"),

  "GET /organizations/:id/invitations": to("members:read", "admin"),
  "POST /organizations/:id/invitations": to("members:write", "admin"),
  "DELETE /organizations/:id/invitations/:invitation_id": to("members:write", "admin"),

  "GET /organizations/:id/credits": to("credits:read", "viewer"),
  "POST /organizations/:id/credits": to("credits:write", "operator"),
  "PATCH /organizations/:id/credits": to("credits:write", "operator"),
  "GET /organizations/:id/ledger": to("credits:read", "viewer"),
  "GET /organizations/:id/ledger/export": to("credits:read", "viewer"),
  "GET /organizations/:id/ledger/verify": to("credits:read", "viewer"),

  // Who sees keys and the ledger sees what they add up to.
  "GET /usage": to("usage:read", "viewer"),
  "GET /usage/export": to("usage:read", "viewer"),
  "GET /organizations/:id/usage": to("usage:read", "viewer"),

  "GET /organizations/:id/recharge-rule": to("recharges:read", "admin"),
  "PUT /organizations/:id/recharge-rule": to("recharges:write", "admin"),
  "DELETE /organizations/:id/recharge-rule": to("recharges:write", "admin"),
  "GET /organizations/:id/recharges": to("recharges:read", "admin"),
  "POST /organizations/:id/recharges/:recharge_id/decline": to("recharges:write", "operator"),

  ...webhookAccess("/organizations/:id/webhooks", "admin"),
  ...webhookAccess("/webhooks", "operator"),

  "GET /workspaces": to("workspaces:read", "viewer"),
  "POST /workspaces": to("workspaces:write", "admin"),
  "GET /workspaces/:id": to("workspaces:read", "viewer"),
  "PATCH /workspaces/:id": to("workspaces:write", "admin"),
  "DELETE /workspaces/:id": to("workspaces:write", "admin"),

  "GET /teams": to("teams:read", "viewer"),
  "POST /teams": to("teams:write", "admin"),
  "GET /teams/:id": to("teams:read", "viewer"),
  "PATCH /teams/:id": to("teams:write", "admin"),
  "DELETE /teams/:id": to("teams:write", "admin"),
  "GET /teams/:id/members": to("teams:read", "viewer"),
  "PUT /teams/:id/members/:user_id": to("teams:write", "admin"),
  "DELETE /teams/:id/members/:user_id": to("teams:write", "admin"),

  "GET /hats": to("hats:read", "viewer"),
  "POST /hats": to("hats:write", "admin"),
  "GET /hats/:id": to("hats:read", "viewer"),
  "PATCH /hats/:id": to("hats:write", "admin"),
  "DELETE /hats/:id": to("hats:write", "admin"),
  "GET /hats/:id/wearers": to("hats:read", "viewer"),
  "PUT /hats/:id/wearers/:wearer_id": to("hats:write", "admin"),
  "DELETE /hats/:id/wearers/:wearer_id": to("hats:write", "admin"),

  "GET /users": to("users:read", "operator"),
  "GET /users/:id": to("users:read", "operator"),
  "PATCH /users/:id": to("users:write", "operator"),
  "POST /users/:id/password-reset": to("users:write", "operator"),

  "GET /plans": { ...to("plans:read", "viewer"), anyOrganization: true },
  "POST /plans": to("plans:write", "operator"),
  "GET /plans/:slug": { ...to("plans:read", "viewer"), anyOrganization: true },
  "PATCH /plans/:slug": to("plans:write", "operator"),
  "DELETE /plans/:slug": to("plans:write", "operator"),

  "GET /prices": { ...to("prices:read", "viewer"), anyOrganization: true },
  "POST /prices": to("prices:write", "operator"),
  "POST /prices/end": to("prices:write", "operator"),
  "GET /prices/:id": { ...to("prices:read", "viewer"), anyOrganization: true },

  "GET /audit-log": to("audit:read", "admin"),
  "GET /audit-log/export": to("audit:read", "admin"),
  "GET /audit-log/verify": to("audit:read", "operator"),

  "GET /metrics": to("metrics:read", "operator"),

  "POST /auth/login": { kind: "public" },
  "POST /auth/logout": { kind: "public" },
  "POST /auth/links/show": { kind: "public" },
  "POST /auth/links/use": { kind: "public" },
  "GET /auth/session": { kind: "session" },
  "GET /auth/sessions": { kind: "session" },
  "DELETE /auth/sessions": { kind: "session" },
  "DELETE /auth/sessions/:id": { kind: "session" },
  "POST /auth/password": { kind: "session" },

  "GET /healthz": { kind: "public" },
  "GET /readyz": { kind: "public" },
  "GET /openapi.json": { kind: "public" },
  "GET /docs": { kind: "public" },
  "GET /docs/:file": { kind: "public" },
  "GET /link": { kind: "public" },
  "GET /link/:file": { kind: "public" },
};

function webhookAccess(at: string, role: LeastRole): Record<string, ManagementAccess> {
  return {
    [`GET ${at}`]: to("webhooks:read", role),
    [`POST ${at}`]: to("webhooks:write", role),
    [`GET ${at}/:webhook_id`]: to("webhooks:read", role),
    [`PATCH ${at}/:webhook_id`]: to("webhooks:write", role),
    [`DELETE ${at}/:webhook_id`]: to("webhooks:write", role),
    [`POST ${at}/:webhook_id/rotate-secret`]: to("webhooks:write", role),
    [`GET ${at}/:webhook_id/deliveries`]: to("webhooks:read", role),
    [`POST ${at}/:webhook_id/deliveries/:delivery_id/replay`]: to("webhooks:write", role),
  };
}

function to(scope: ManagementScope, role: LeastRole): ManagementAccess {
  return { kind: "management", scope, role };
}

/**
 * What a person of this role may give a management key: the scopes whose every route is open to them,
 * those of the operator aside, which no such key can call.
 */
export function scopesOfRole(role: Role): string[] {
  const rows = Object.values(routeAccess).filter((access) => access.kind === "management");
  const isClosed = (row: ManagementAccess) => row.role !== "operator" && !isAtLeast(role, row.role);
  const closed = new Set(rows.filter(isClosed).map(({ scope }) => scope));
  const open = rows.filter((row) => row.role !== "operator").map(({ scope }) => scope);
  return [...new Set(open)].filter((scope) => !closed.has(scope));
}
