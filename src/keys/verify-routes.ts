import { Elysia } from "elysia";
import type { Authorizer } from "../http/authorize.ts";
import { management } from "../http/management.ts";
import type { Metrics } from "../http/metrics.ts";
import type { KeyGate } from "./key-gate.ts";
import { verifyKey } from "./verify-key.ts";
import * as schemas from "./verify-schemas.ts";

/** Verifications done before others get their turn: each may compare hundreds of scopes. */
const keysPerTurn = 10;

const tags = ["Verification"];

/** `/v1/keys/verify`: the API behind asks whether a key may do something. */
export function verifyRoutes(services: {
  authorizer: Authorizer;
  gate: KeyGate;
  metrics: Metrics;
}) {
  return new Elysia({ name: "verify" })
    .use(management(services.authorizer))
    .post(
      "/v1/keys/verify",
      ({ body, actor }) =>
        verifyKey(services, { organizationId: actor.organizationId, input: body }),
      {
        body: schemas.VerifyKeySchema,
        response: { 200: schemas.VerdictSchema },
        detail: {
          operationId: "verifyKey",
          tags,
          summary: "Verify a key",
          description:
            "Always 200: `valid` tells whether, `code` why not. A valid key is counted once against its limits; a refusal uses up nothing.",
        },
      },
    )
    .post(
      "/v1/keys/verify-batch",
      async ({ body, actor }) => {
        const { organizationId } = actor;
        const data: schemas.Verdict[] = [];
        for (let at = 0; at < body.keys.length; at += keysPerTurn) {
          const some = body.keys.slice(at, at + keysPerTurn);
          const verdicts = some.map((input) => verifyKey(services, { organizationId, input }));
          data.push(...(await Promise.all(verdicts)));
          await new Promise(setImmediate);
        }
        return { data };
      },
      {
        body: schemas.VerifyBatchSchema,
        response: { 200: schemas.VerdictListSchema },
        detail: {
          operationId: "verifyKeys",
          tags,
          summary: "Verify up to 100 keys",
          description: "As many verdicts as keys, in their order.",
        },
      },
    );
}
