import { Elysia } from "elysia";
import { auditRoutes } from "./audit/routes.ts";
import { linkPageRoutes } from "./console/routes.ts";
import { holdRoutes } from "./credits/hold-routes.ts";
import { creditRoutes } from "./credits/routes.ts";
import { hatRoutes } from "./hats/routes.ts";
import { documentRoutes } from "./http/document-routes.ts";
import { enveloping } from "./http/enveloping.ts";
import { handleError, handleNothingHere } from "./http/handle-error.ts";
import { systemRoutes } from "./http/system-routes.ts";
import { presentedKeyRoutes } from "./keys/presented-routes.ts";
import { keyRoutes } from "./keys/routes.ts";
import { verifyRoutes } from "./keys/verify-routes.ts";
import { memberRoutes } from "./organizations/member-routes.ts";
import { organizationRoutes } from "./organizations/routes.ts";
import { permissionRoutes } from "./permissions/routes.ts";
import { planRoutes } from "./plans/routes.ts";
import { priceRoutes } from "./prices/routes.ts";
import { rechargeRoutes } from "./recharges/routes.ts";
import { runtimeRoutes } from "./runtimes/routes.ts";
import type { Services } from "./services.ts";
import { sessionRoutes } from "./sessions/routes.ts";
import { teamRoutes } from "./teams/routes.ts";
import { usageRoutes } from "./usage/routes.ts";
import { userRoutes } from "./users/routes.ts";
import { instanceWebhookRoutes, webhookRoutes } from "./webhooks/routes.ts";
import { workspaceRoutes } from "./workspaces/routes.ts";

/**
 * Unknown fields are refused, not dropped. `standardHostname` off: on, Elysia takes a host to have
 * four letters at least and would cut the path of `http://x/a/key` to `/key`.
 */
const options = { normalize: false, handler: { standardHostname: false } } as const;

/** What the API is made of: every group of routes that the document describes. */
export function apiRoutes(services: Services) {
  return new Elysia(options)
    .use(presentedKeyRoutes(services))
    .use(verifyRoutes(services))
    .use(permissionRoutes(services))
    .use(keyRoutes(services))
    .use(holdRoutes(services))
    .use(creditRoutes(services))
    .use(usageRoutes(services))
    .use(rechargeRoutes(services))
    .use(webhookRoutes(services))
    .use(instanceWebhookRoutes(services))
    .use(runtimeRoutes(services))
    .use(organizationRoutes(services))
    .use(memberRoutes(services))
    .use(workspaceRoutes(services))
    .use(teamRoutes(services))
    .use(hatRoutes(services))
    .use(sessionRoutes(services))
    .use(userRoutes(services))
    .use(planRoutes(services))
    .use(priceRoutes(services))
    .use(auditRoutes(services))
    .use(systemRoutes(services));
}

/** The routes for their shapes alone: nothing is opened and no handler can run. */
export function describedRoutes() {
  return apiRoutes({} as Services);
}

/** The whole application: the API, its document and Swagger UI, and the one error handler. */
export function createApp(services: Services) {
  return (
    new Elysia(options)
      // `async` is how Elysia knows that it has to wait: a bare promise goes to the envelope as it is.
      .onError(async ({ error, code, request, set: { headers } }) =>
        code === "NOT_FOUND"
          ? handleNothingHere({ request, headers }, services)
          : handleError({ error, code, request, headers }, services),
      )
      .use(enveloping(services.dialect))
      .use(apiRoutes(services))
      .use(documentRoutes(services, describedRoutes))
      .use(linkPageRoutes(services))
  );
}
