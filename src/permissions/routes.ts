import { Elysia } from "elysia";
import type { Clock } from "../core/clock.ts";
import type { Database } from "../db/client.ts";
import type { Authenticator } from "../http/authenticate.ts";
import type { Authorizer } from "../http/authorize.ts";
import { dataPlane } from "../http/data-plane.ts";
import { ErrorSchema } from "../http/error-schemas.ts";
import { management } from "../http/management.ts";
import type { KeyGate } from "../keys/key-gate.ts";
import { describePermissions } from "./describe-permissions.ts";
import { explain } from "./explain.ts";
import * as schemas from "./schemas.ts";

const tags = ["Permissions"];
const nothing = { scopes: [] };

/** `/v1/permissions`: key → workspace → hats → skills → tools, asked by the key or about it. */
export function permissionRoutes(services: {
  authenticator: Authenticator;
  gate: KeyGate;
  authorizer: Authorizer;
  db: Database;
  clock: Clock;
}) {
  const { authenticator, authorizer, db, clock } = services;
  return new Elysia({ name: "permissions" })
    .use(
      new Elysia({ name: "own-permissions" })
        .use(dataPlane(services))
        .get(
          "/v1/permissions",
          ({ request, set }) =>
            authenticator.admit({ request, headers: set.headers }, nothing, ({ live }) =>
              describePermissions(live.grant),
            ),
          {
            response: { 200: schemas.PermissionsSchema },
            detail: {
              operationId: "showPermissions",
              tags,
              summary: "What may the presented key do?",
              description: "The skills it may discover and execute, as patterns.",
            },
          },
        ),
    )
    .use(
      new Elysia({ name: "explain" })
        .use(management(authorizer))
        .post(
          "/v1/permissions/explain",
          ({ body, actor: { organizationId } }) =>
            explain(db, { organizationId, input: body, nowMs: clock.nowMs() }),
          {
            body: schemas.ExplainSchema,
            response: { 200: schemas.ExplanationSchema, 404: ErrorSchema },
            detail: {
              operationId: "explainPermission",
              tags,
              summary: "Why may a key use a skill, or not?",
              description: "Names the link of the chain that decides. Counts nothing for that key.",
            },
          },
        ),
    );
}
