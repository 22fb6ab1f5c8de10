import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Authorizer } from "../http/authorize.ts";
import { ErrorSchema } from "../http/error-schemas.ts";
import { management } from "../http/management.ts";
import { pageOf, readIntegers, toPage } from "../http/pagination.ts";
import { declineRecharge } from "./decline-recharge.ts";
import { describeRecharge, describeRule } from "./describe-recharge.ts";
import { listRecharges } from "./recharge-store.ts";
import type { RechargesContext } from "./recharges-context.ts";
import * as schemas from "./schemas.ts";
import { endRule, requireRule, setRule } from "./set-rule.ts";

const tags = ["Recharges"];
const order = schemas.rechargeOrder;

/** `/organizations/:id/recharge-rule` and `/recharges`: asking for credits before they run out. */
export function rechargeRoutes(services: { authorizer: Authorizer; recharges: RechargesContext }) {
  const { recharges } = services;
  return new Elysia({ name: "recharges" })
    .use(management(services.authorizer))
    .get(
      "/organizations/:id/recharge-rule",
      async ({ actor }) => describeRule(await requireRule(recharges.db, actor.organizationId)),
      {
        params: schemas.ruleParams,
        response: { 200: schemas.RechargeRuleSchema },
        detail: { operationId: "showRechargeRule", tags, summary: "Show the recharge rule" },
      },
    )
    .put(
      "/organizations/:id/recharge-rule",
      ({ body, actor }) => setRule(recharges, { input: body, actor }),
      {
        params: schemas.ruleParams,
        body: schemas.PutRechargeRuleSchema,
        response: { 200: schemas.RechargeRuleSchema },
        detail: {
          operationId: "putRechargeRule",
          tags,
          summary: "Set the recharge rule",
          description: "Below so much, ask for so much more, at most so much a month.",
        },
      },
    )
    .delete(
      "/organizations/:id/recharge-rule",
      async ({ actor, set }) => {
        await endRule(recharges, { actor });
        set.status = 204;
      },
      {
        params: schemas.ruleParams,
        response: { 204: Type.Void({ description: "The rule is gone." }) },
        detail: { operationId: "deleteRechargeRule", tags, summary: "Delete the recharge rule" },
      },
    )
    .get(
      "/organizations/:id/recharges",
      async ({ query, actor: { organizationId } }) => {
        const page = pageOf(query, order);
        const found = await listRecharges(
          recharges.db,
          { organizationId, state: query.state },
          page,
        );
        const rows = found.map((row) => ({ ...row, createdAtMs: row.requestedAtMs }));
        return toPage(rows, page, order, describeRecharge);
      },
      {
        transform: readIntegers,
        params: schemas.ruleParams,
        query: schemas.ListRechargesQuerySchema,
        response: { 200: schemas.RechargePageSchema },
        detail: { operationId: "listRecharges", tags, summary: "List recharges" },
      },
    )
    .post(
      "/organizations/:id/recharges/:recharge_id/decline",
      ({ params, actor }) => declineRecharge(recharges, { rechargeId: params.recharge_id, actor }),
      {
        params: schemas.rechargeParams,
        response: { 200: schemas.RechargeSchema, 409: ErrorSchema },
        detail: {
          operationId: "declineRecharge",
          tags,
          summary: "Decline a recharge",
          description: "`POST /organizations/{id}/credits` with `recharge_id` fulfils one.",
        },
      },
    );
}
