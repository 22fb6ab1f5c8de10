import { type ManagementAccess, routeAccess } from "../../src/http/route-access.ts";

/** One route of the management API, and a call of it. */
export interface ManagementCall {
  route: string;
  access: ManagementAccess;
  method: string;
  path: string;
  body: unknown;
}

/** The ids that stand in paths; what is not given is of nothing that exists. */
export interface PathIds {
  organization: string;
  key?: string;
  runtime?: string;
  workspace?: string;
  team?: string;
  hat?: string;
  user?: string;
  hold?: string;
  price?: string;
  invitation?: string;
  wearer?: string;
  webhook?: string;
  delivery?: string;
  recharge?: string;
}

const placeholders: Readonly<Record<string, keyof PathIds>> = {
  "/organizations/:id": "organization",
  "/api-keys/:id": "key",
  "/runtimes/:id": "runtime",
  "/workspaces/:id": "workspace",
  "/teams/:id": "team",
  "/hats/:id": "hat",
  "/users/:id": "user",
  "/v1/holds/:id": "hold",
  "/prices/:id": "price",
};

/** What each route takes; a route that is not here takes no body. */
const bodies: Readonly<Record<string, unknown>> = {
  "POST /v1/keys/verify": { key: "x" },
  "POST /v1/keys/verify-batch": { keys: [{ key: "x" }] },
  "POST /v1/holds": { key: "x", max_cost: 1 },
  "POST /v1/holds/:id/settle": { cost: 1 },
  "POST /organizations/:id/credits": { kind: "grant", amount: -1 },
  "PATCH /organizations/:id/credits": { low_balance_threshold: 10 },
  "PUT /organizations/:id/recharge-rule": { below: 1, add: 1, monthly_max: 1 },
  "POST /organizations/:id/webhooks": { url: "https://192.0.2.1/private" },
  "PATCH /organizations/:id/webhooks/:webhook_id": { description: "x" },
  "POST /organizations/:id/webhooks/:webhook_id/rotate-secret": {},
  "POST /webhooks": { url: "https://192.0.2.1/private" },
  "PATCH /webhooks/:webhook_id": { description: "x" },
  "POST /webhooks/:webhook_id/rotate-secret": {},
  "POST /v1/permissions/explain": { key_id: `key_${"0".repeat(32)}`, skill: "github/x" },
  "POST /api-keys": { label: "x" },
  "POST /api-keys/import": { keys: [{ label: "x" }] },
  "POST /api-keys/revoke-batch": { ids: ["key_none"] },
  "PATCH /api-keys/:id": { label: "x" },
  "POST /api-keys/:id/rotate": {},
  "POST /organizations": { slug: "free-plan", name: "X", plan: "no-such-plan" },
  "PATCH /organizations/:id": { name: "Renamed" },
  "PATCH /organizations/:id/members/:user_id": { role: "viewer" },
  "POST /organizations/:id/members/:user_id/password-reset": undefined,
  "POST /organizations/:id/invitations": { email: "same@example.com", role: "viewer" },
  "POST /workspaces": { slug: "default", name: "X" },
  "PATCH /workspaces/:id": { name: "X" },
  "POST /teams": { slug: "team", name: "X" },
  "PATCH /teams/:id": { name: "X" },
  "POST /hats": { slug: "x", name: "X", skills: [], workspace_id: "ws_none" },
  "PATCH /hats/:id": { name: "X" },
  "PATCH /users/:id": { name: "X" },
  "POST /plans": { slug: "free", name: "X" },
  "PATCH /plans/:slug": { name: "X" },
  "POST /prices": { kind: "skill", subject: "not a skill", per_request: 1 },
  "POST /prices/end": { kind: "skill", subject: "no-such/price" },
};

const confirmed = new Set(["DELETE /organizations/:id", "DELETE /workspaces/:id"]);

/**
 * A call of every management route: a new route without a row here sends nothing, and is seen by the
 * tests that expect an answer from it.
 */
export function managementCalls(ids: PathIds): ManagementCall[] {
  return Object.entries(routeAccess).flatMap(([route, access]) => {
    if (access.kind !== "management") return [];
    const [method = "", pattern = ""] = route.split(" ");
    const path = pathOf(pattern, ids);
    const query = confirmed.has(route) ? "?confirm=wrong" : "";
    return [{ route, access, method, path: path + query, body: bodies[route] }];
  });
}

function pathOf(pattern: string, ids: PathIds): string {
  const of = (name: keyof PathIds) => ids[name] ?? `${name}_none`;
  const first = Object.entries(placeholders).find(([start]) => pattern.startsWith(start));
  const withFirst =
    first === undefined
      ? pattern
      : pattern.replace(first[0], first[0].replace(":id", of(first[1])));
  return withFirst
    .replace(":user_id", of("user"))
    .replace(":invitation_id", of("invitation"))
    .replace(":wearer_id", of("wearer"))
    .replace(":webhook_id", of("webhook"))
    .replace(":delivery_id", of("delivery"))
    .replace(":recharge_id", of("recharge"))
    .replace(":slug", "no-such-plan");
}
