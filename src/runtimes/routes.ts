import { Elysia } from "elysia";
import { notFound } from "../core/errors.ts";
import type { Authenticator } from "../http/authenticate.ts";
import type { Authorizer } from "../http/authorize.ts";
import { dataPlane } from "../http/data-plane.ts";
import { ErrorSchema } from "../http/error-schemas.ts";
import type { Idempotency } from "../http/idempotency.ts";
import { management } from "../http/management.ts";
import { idempotentMark } from "../http/openapi/idempotency-key.ts";
import { pageOf, readIntegers, toPage } from "../http/pagination.ts";
import type { KeyGate } from "../keys/key-gate.ts";
import type { KeysContext } from "../keys/keys-context.ts";
import { beat } from "./beat.ts";
import { describeRuntime } from "./describe-runtime.ts";
import { endRuntime } from "./end-runtime.ts";
import { registerRuntime, requireRegistering } from "./register-runtime.ts";
import { findRuntime, listRuntimes } from "./runtime-store.ts";
import * as schemas from "./schemas.ts";

const tags = ["Runtimes"];
const order = "runtimes";
const nothing = { scopes: [] };

interface Services {
  authenticator: Authenticator;
  gate: KeyGate;
  authorizer: Authorizer;
  idempotency: Idempotency;
  keys: KeysContext;
}

/** `/v1/runtimes` for the instances themselves, `/runtimes` for people. */
export function runtimeRoutes(services: Services) {
  return new Elysia({ name: "runtimes" }).use(instanceRoutes(services)).use(peopleRoutes(services));
}

function instanceRoutes(services: Services) {
  const { authenticator, idempotency, keys } = services;
  return new Elysia({ name: "runtime-instances" })
    .use(dataPlane(services))
    .post(
      "/v1/runtimes",
      ({ request, body, set }) => {
        const call = { request, headers: set.headers };
        return authenticator.admit(call, nothing, (secret) => {
          requireRegistering(secret);
          const actor = authenticator.dataActor(call, secret);
          return idempotency.create({ request, actor, payload: body }, (alongside) =>
            registerRuntime(keys, { secret, name: body.name, actor, alongside }),
          );
        });
      },
      {
        body: schemas.RegisterRuntimeSchema,
        response: { 201: schemas.RuntimeWithSecretSchema, 409: ErrorSchema },
        detail: {
          [idempotentMark]: true,
          operationId: "registerRuntime",
          tags,
          summary: "Register a runtime",
          description:
            "With a workspace or user key. The answer holds a secret of the runtime's own, once: it does what the key does, shares its limits and ends with it, or after 24 hours without a heartbeat.",
        },
      },
    )
    .post(
      "/v1/runtimes/:id/heartbeat",
      ({ request, params, set }) =>
        authenticator.admit({ request, headers: set.headers }, nothing, (secret) =>
          beat(keys, { runtimeId: params.id, secret }),
        ),
      {
        params: schemas.runtimeParams,
        response: { 200: schemas.RuntimeSchema },
        detail: {
          operationId: "sendHeartbeat",
          tags,
          summary: "Say that a runtime lives",
          description: "With the runtime's own secret, which works for another 24 hours then.",
        },
      },
    )
    .delete(
      "/v1/runtimes/:id",
      ({ request, params, set }) => {
        const call = { request, headers: set.headers };
        return authenticator.admit(call, nothing, (secret) =>
          endRuntime(keys, {
            runtimeId: params.id,
            actor: authenticator.dataActor(call, secret),
            isOwn: ({ id, keyId }) =>
              secret.runtimeId === null ? keyId === secret.live.id : id === secret.runtimeId,
          }),
        );
      },
      {
        params: schemas.runtimeParams,
        response: { 200: schemas.RuntimeSchema },
        detail: {
          operationId: "endOwnRuntime",
          tags,
          summary: "End a runtime of one's own",
          description: "With the runtime's secret or that of the key that registered it.",
        },
      },
    );
}

function peopleRoutes({ authorizer, keys }: Services) {
  return new Elysia({ name: "runtime-people" })
    .use(management(authorizer))
    .get(
      "/runtimes",
      async ({ query, actor: { organizationId } }) => {
        const nowMs = keys.clock.nowMs();
        const { key_id: keyId, status } = query;
        const page = pageOf(query, order);
        const rows = await listRuntimes(keys.db, { organizationId, keyId, status, nowMs }, page);
        return toPage(rows, page, order, (row) => describeRuntime(row, nowMs));
      },
      {
        transform: readIntegers,
        query: schemas.ListRuntimesQuerySchema,
        response: { 200: schemas.RuntimeListSchema },
        detail: { operationId: "listRuntimes", tags, summary: "List runtimes" },
      },
    )
    .get(
      "/runtimes/:id",
      async ({ params, actor }) => {
        const found = await findRuntime(keys.db, actor.organizationId, params.id);
        if (found === undefined) throw notFound("runtime");
        return describeRuntime(found.runtime, keys.clock.nowMs());
      },
      {
        params: schemas.runtimeParams,
        response: { 200: schemas.RuntimeSchema },
        detail: { operationId: "showRuntime", tags, summary: "Show a runtime" },
      },
    )
    .delete(
      "/runtimes/:id",
      ({ params, actor }) => endRuntime(keys, { runtimeId: params.id, actor }),
      {
        params: schemas.runtimeParams,
        response: { 200: schemas.RuntimeSchema },
        detail: {
          operationId: "endRuntime",
          tags,
          summary: "End a runtime",
          description: "Its secret is refused when the call returns.",
        },
      },
    );
}
