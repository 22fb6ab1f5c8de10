import { Elysia } from "elysia";
import { invalidField, notFound } from "../core/errors.ts";
import { parseTimestamp } from "../core/timestamp.ts";
import type { Authorizer } from "../http/authorize.ts";
import { ErrorSchema } from "../http/error-schemas.ts";
import type { Idempotency } from "../http/idempotency.ts";
import { management } from "../http/management.ts";
import { idempotentMark } from "../http/openapi/idempotency-key.ts";
import { pageOf, readIntegers, toPage } from "../http/pagination.ts";
import { describePrice } from "./describe-price.ts";
import { listPrices, type PriceRow } from "./price-store.ts";
import type { PricesContext } from "./prices-context.ts";
import * as schemas from "./schemas.ts";
import { endPrice, setPrice } from "./set-price.ts";

const tags = ["Prices"];
const order = "prices";

/** `/prices`: what is charged for units. Everybody with a management key reads them, the operator sets them. */
export function priceRoutes(services: {
  authorizer: Authorizer;
  idempotency: Idempotency;
  prices: PricesContext;
}) {
  const { prices, idempotency } = services;
  const describe = (row: PriceRow) => describePrice(row, prices.book);
  return new Elysia({ name: "prices" })
    .use(management(services.authorizer))
    .get(
      "/prices",
      async ({ query }) => {
        const page = pageOf(query, order);
        const { kind, subject } = query;
        const filter = { kind, subject, inForceAtMs: readMoment(query, prices.clock.nowMs()) };
        return toPage(await listPrices(prices.db, filter, page), page, order, describe);
      },
      {
        transform: readIntegers,
        query: schemas.listPricesQuery(order),
        response: { 200: schemas.PricePageSchema },
        detail: {
          operationId: "listPrices",
          tags,
          summary: "List prices",
          description: "Those in force now or at another moment, or every version.",
        },
      },
    )
    .post(
      "/prices",
      ({ request, body, actor }) =>
        idempotency.create({ request, actor, payload: body }, (alongside) =>
          setPrice(prices, { input: body, actor, alongside }),
        ),
      {
        body: schemas.SetPriceSchema,
        response: { 201: schemas.PriceSchema, 409: ErrorSchema },
        detail: {
          [idempotentMark]: true,
          operationId: "setPrice",
          tags,
          summary: "Set a price",
          description:
            "Adds a version: those before stay as they were, so that what was charged by them is explained.",
        },
      },
    )
    .post(
      "/prices/end",
      ({ request, body, actor }) =>
        idempotency.create({ request, actor, payload: body }, (alongside) =>
          endPrice(prices, { input: body, actor, alongside }),
        ),
      {
        body: schemas.EndPriceSchema,
        response: { 201: schemas.PriceSchema, 409: ErrorSchema },
        detail: {
          [idempotentMark]: true,
          operationId: "endPrice",
          tags,
          summary: "End a price",
          description:
            "Adds a version that ends it. From then on a more general price holds, `github/*` or `*`, or there is none.",
        },
      },
    )
    .get(
      "/prices/:id",
      ({ params }) => {
        const row = prices.book.find(params.id);
        if (row === undefined) throw notFound("price");
        return describe(row);
      },
      {
        params: schemas.priceParams,
        response: { 200: schemas.PriceSchema },
        detail: {
          operationId: "showPrice",
          tags,
          summary: "Show a version of a price",
          description: "The `price_id` of a charge: its units times this are its amount.",
        },
      },
    );
}

function readMoment({ at, versions = "in_force" }: schemas.ListPrices, nowMs: number) {
  if (versions === "all") {
    if (at === undefined) return undefined;
    throw invalidField("at", "All versions are those of every moment: leave it out.");
  }
  if (at === undefined) return nowMs;
  const moment = parseTimestamp(at);
  if (Number.isNaN(moment)) throw invalidField("at", "Not an RFC 3339 date and time.");
  return moment;
}
