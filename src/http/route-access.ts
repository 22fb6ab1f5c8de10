/** The scopes that a management key can hold. */
export const managementScopes = [
  "keys:read",
  "keys:write",
  "verify",
  "plans:read",
  "plans:write",
  "audit:read",
  "metrics:read",
] as const;
export type ManagementScope = (typeof managementScopes)[number];

export type RouteAccess =
  | { kind: "public" }
  /** Any key but a management key, through the decision. */
  | { kind: "data" }
  /** A management key that holds the scope; `instanceWide` asks for the operator's. */
  | { kind: "management"; scope: ManagementScope; instanceWide?: true };

/**
 * Who may call what: one row a route. A route without a row answers nobody, and a test holds the
 * table against the routes.
 */
export const routeAccess: Readonly<Record<string, RouteAccess>> = {
  "GET /key": { kind: "data" },
  "GET /v1/key": { kind: "data" },
  "GET /api/v1/key": { kind: "data" },

  "POST /v1/keys/verify": { kind: "management", scope: "verify" },
  "POST /v1/keys/verify-batch": { kind: "management", scope: "verify" },

  "GET /api-keys": { kind: "management", scope: "keys:read" },
  "POST /api-keys": { kind: "management", scope: "keys:write" },
  "POST /api-keys/revoke-batch": { kind: "management", scope: "keys:write" },
  "GET /api-keys/:id": { kind: "management", scope: "keys:read" },
  "PATCH /api-keys/:id": { kind: "management", scope: "keys:write" },
  "DELETE /api-keys/:id": { kind: "management", scope: "keys:write" },
  "POST /api-keys/:id/rotate": { kind: "management", scope: "keys:write" },

  "GET /plans": { kind: "management", scope: "plans:read" },
  "POST /plans": { kind: "management", scope: "plans:write", instanceWide: true },
  "GET /plans/:slug": { kind: "management", scope: "plans:read" },
  "PATCH /plans/:slug": { kind: "management", scope: "plans:write", instanceWide: true },
  "DELETE /plans/:slug": { kind: "management", scope: "plans:write", instanceWide: true },

  "GET /audit-log": { kind: "management", scope: "audit:read" },
  "GET /audit-log/export": { kind: "management", scope: "audit:read" },
  "GET /audit-log/verify": { kind: "management", scope: "audit:read", instanceWide: true },

  "GET /metrics": { kind: "management", scope: "metrics:read", instanceWide: true },
  "GET /healthz": { kind: "public" },
  "GET /readyz": { kind: "public" },
  "GET /openapi.json": { kind: "public" },
  "GET /docs": { kind: "public" },
  "GET /docs/:file": { kind: "public" },
};
