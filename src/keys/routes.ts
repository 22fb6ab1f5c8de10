import { Elysia } from "elysia";
import type { Dialect } from "../dialects/dialect.ts";
import { readScopes } from "../dialects/read-scopes.ts";
import type { Authorizer } from "../http/authorize.ts";
import { ErrorSchema } from "../http/error-schemas.ts";
import type { Idempotency } from "../http/idempotency.ts";
import { management } from "../http/management.ts";
import { idempotentMark } from "../http/openapi/idempotency-key.ts";
import { readIntegers } from "../http/pagination.ts";
import { createKey } from "./create-key.ts";
import { describeKey } from "./describe-key.ts";
import { importKeys } from "./import-keys.ts";
import { ImportKeysSchema, ImportReportSchema } from "./import-schemas.ts";
import { listKeys } from "./key-list-store.ts";
import { KeySchema, KeyWithSecretSchema, keyParams } from "./key-schemas.ts";
import type { KeysContext } from "./keys-context.ts";
import { KeyListSchema, ListKeysQuerySchema } from "./list-schemas.ts";
import { revokeKey } from "./revoke-key.ts";
import { revokeKeys } from "./revoke-keys.ts";
import { rotateKey } from "./rotate-key.ts";
import { showKey } from "./show-key.ts";
import { updateKey } from "./update-key.ts";
import {
  CreateKeySchema,
  RevokedKeysSchema,
  RevokeKeyQuerySchema,
  RevokeKeysSchema,
  RotateKeySchema,
  UpdateKeySchema,
} from "./write-schemas.ts";

const tags = ["Keys"];

/** `/api-keys`: key CRUD for management keys. */
export function keyRoutes(services: {
  authorizer: Authorizer;
  dialect: Pick<Dialect, "scopeWords">;
  idempotency: Idempotency;
  keys: KeysContext;
}) {
  const { keys, idempotency } = services;
  /** Scopes may be written as the dialect does; validation and everything after know one way. */
  const readDialect = ({ body }: { body: { scopes?: unknown } }) => {
    if (body.scopes !== undefined)
      body.scopes = readScopes(services.dialect.scopeWords, body.scopes);
  };
  return new Elysia({ name: "keys" })
    .use(management(services.authorizer))
    .post(
      "/api-keys",
      ({ request, body, actor }) =>
        idempotency.create({ request, actor, payload: body }, (alongside) =>
          createKey(keys, { input: body, actor, alongside }),
        ),
      {
        transform: readDialect,
        body: CreateKeySchema,
        response: { 201: KeyWithSecretSchema, 409: ErrorSchema },
        detail: {
          [idempotentMark]: true,
          operationId: "createKey",
          tags,
          summary: "Create a key",
          description:
            "The answer holds the secret, once. Send an Idempotency-Key to be able to repeat the call.",
        },
      },
    )
    .get(
      "/api-keys",
      async ({ query, actor }) => {
        const nowMs = keys.clock.nowMs();
        const { organizationId } = actor;
        const page = await listKeys(keys.db, { organizationId, query, nowMs });
        return {
          data: page.keys.map((key) => describeKey(key, nowMs)),
          next_cursor: page.nextCursor,
        };
      },
      {
        transform: readIntegers,
        query: ListKeysQuerySchema,
        response: { 200: KeyListSchema },
        detail: {
          operationId: "listKeys",
          tags,
          summary: "List keys",
          description: "The organization's keys, revoked and expired ones included, page by page.",
        },
      },
    )
    .get(
      "/api-keys/:id",
      ({ params, actor }) =>
        showKey(keys, { organizationId: actor.organizationId, keyId: params.id }),
      {
        params: keyParams,
        response: { 200: KeySchema },
        detail: { operationId: "showKey", tags, summary: "Show a key" },
      },
    )
    .patch(
      "/api-keys/:id",
      ({ params, body, actor }) => updateKey(keys, { keyId: params.id, input: body, actor }),
      {
        transform: readDialect,
        params: keyParams,
        body: UpdateKeySchema,
        response: { 200: KeySchema, 409: ErrorSchema },
        detail: {
          operationId: "updateKey",
          tags,
          summary: "Change a key",
          description: "Changes the fields that are given; effective when the call returns.",
        },
      },
    )
    .delete(
      "/api-keys/:id",
      ({ params, query, actor }) =>
        revokeKey(keys, { keyId: params.id, reason: query.reason ?? null, actor }),
      {
        params: keyParams,
        query: RevokeKeyQuerySchema,
        response: { 200: KeySchema },
        detail: {
          operationId: "revokeKey",
          tags,
          summary: "Revoke a key",
          description:
            "For good, and at once: when the call has returned, the next request with the key gets 401. The key stays listed.",
        },
      },
    )
    .post(
      "/api-keys/import",
      ({ request, body, actor }) =>
        idempotency.run({ request, actor, payload: body }, async (remember) => {
          const alongside = (report: unknown) => remember({ status: 200, body: report });
          const options = { keys: body.keys, dryRun: body.dry_run ?? false, actor, alongside };
          return { status: 200, body: await importKeys(keys, options) };
        }),
      {
        body: ImportKeysSchema,
        response: { 200: ImportReportSchema, 409: ErrorSchema },
        detail: {
          [idempotentMark]: true,
          operationId: "importKeys",
          tags,
          summary: "Import up to 1,000 keys of another service",
          description:
            "Clients go on with the secrets they have. Each key is imported or refused by itself, and the answer has a line for each; `dry_run` shows what would be.",
        },
      },
    )
    .post(
      "/api-keys/revoke-batch",
      async ({ body, actor }) => {
        const { ids: keyIds, reason = null, dry_run: dryRun = false } = body;
        const data = await revokeKeys(keys, { keyIds, reason, dryRun, actor });
        return { data, dry_run: dryRun };
      },
      {
        body: RevokeKeysSchema,
        response: { 200: RevokedKeysSchema, 404: ErrorSchema },
        detail: {
          operationId: "revokeKeys",
          tags,
          summary: "Revoke up to 100 keys",
          description:
            "All of them or, when one is missing, none. List `?unused_for_days=90` tells which keys nobody uses; `dry_run` shows what would be revoked.",
        },
      },
    )
    .post(
      "/api-keys/:id/rotate",
      ({ request, params, body, actor }) =>
        idempotency.run({ request, actor, payload: body }, async (remember) => {
          const alongside = (rotated: unknown) => remember({ status: 200, body: rotated });
          const gracePeriodSeconds = body.grace_period_seconds ?? 0;
          const options = { keyId: params.id, gracePeriodSeconds, actor, alongside };
          return { status: 200, body: await rotateKey(keys, options) };
        }),
      {
        params: keyParams,
        body: RotateKeySchema,
        response: { 200: KeyWithSecretSchema, 409: ErrorSchema },
        detail: {
          [idempotentMark]: true,
          operationId: "rotateKey",
          tags,
          summary: "Give a key a new secret",
          description:
            "Id, usage and limits go on. The old secret works until the grace period ends. The answer holds the new secret, once.",
        },
      },
    );
}
