import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Clock } from "../core/clock.ts";
import { DomainError } from "../core/errors.ts";
import type { Ledger } from "../credits/ledger.ts";
import type { Database } from "../db/client.ts";
import type { LiveKeys } from "../keys/live-keys.ts";
import type { AddressLimiter } from "../limits/address-limiter.ts";
import type { RequestCounts } from "../usage/request-counts.ts";
import type { UsageRoller } from "../usage/roller.ts";
import type { WriteBehind } from "../usage/write-behind.ts";
import { countPending } from "../webhooks/delivery-store.ts";
import type { Dispatcher } from "../webhooks/dispatcher.ts";
import type { Authorizer } from "./authorize.ts";
import { ErrorSchema } from "./error-schemas.ts";
import type { EventLoopDelay } from "./event-loop-delay.ts";
import { management } from "./management.ts";
import type { Metrics } from "./metrics.ts";
import { strictObject } from "./schema-parts.ts";

const metricsExample =
  "# HELP tollgate_live_keys Keys in memory.\n# TYPE tollgate_live_keys gauge\ntollgate_live_keys 2\n";
const tags = ["System"];
const HealthSchema = strictObject(
  { status: Type.Literal("ok", { description: "It is well.", examples: ["ok"] }) },
  { title: "Health", description: "All is well." },
);

/** Whether it lives, whether it can serve, and its figures. */
export function systemRoutes(services: {
  authorizer: Authorizer;
  metrics: Metrics;
  db: Database;
  clock: Clock;
  liveKeys: LiveKeys;
  writeBehind: WriteBehind;
  addressLimiter: AddressLimiter;
  ledger: Ledger;
  eventLoopDelay: EventLoopDelay;
  roller: UsageRoller;
  requestCounts: RequestCounts;
  dispatcher: Dispatcher;
}) {
  return new Elysia({ name: "system" })
    .get("/healthz", () => ({ status: "ok" as const }), {
      response: { 200: HealthSchema },
      detail: {
        operationId: "showHealth",
        tags,
        summary: "Is the process alive?",
        description: "For the supervisor: answers without looking at anything else.",
      },
    })
    .get(
      "/readyz",
      async () => {
        await services.db.dataVersion().catch((cause: unknown) => {
          const message = "The database cannot be read.";
          throw new DomainError("storage_failed", message, { cause, retryAfterSeconds: 1 });
        });
        return { status: "ok" as const };
      },
      {
        response: { 200: HealthSchema, 503: ErrorSchema },
        detail: {
          operationId: "showReadiness",
          tags,
          summary: "Can it serve requests?",
          description: "For the load balancer: answers 503 while the database cannot be read.",
        },
      },
    )
    .use(
      new Elysia({ name: "metrics" }).use(management(services.authorizer)).get(
        "/metrics",
        async () =>
          new Response(await services.metrics.render(await gauges(services)), {
            headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8" },
          }),
        {
          response: {
            200: Type.String({ description: "Prometheus text.", examples: [metricsExample] }),
          },
          detail: {
            operationId: "showMetrics",
            tags,
            summary: "Figures for Prometheus",
            description:
              "For the operator's management key; give Prometheus one that has only `metrics:read`.",
          },
        },
      ),
    );
}

async function gauges(services: Parameters<typeof systemRoutes>[0]) {
  const { counts } = services.dispatcher;
  const { p50Seconds, p99Seconds, maxSeconds } = services.eventLoopDelay.take();
  const delay = (which: string, value: number) => ({
    help: `How late the event loop was since the last scrape, ${which}.`,
    value,
  });
  return {
    tollgate_event_loop_delay_p50_seconds: delay("the median", p50Seconds),
    tollgate_event_loop_delay_p99_seconds: delay("99th percentile", p99Seconds),
    tollgate_event_loop_delay_max_seconds: delay("the longest", maxSeconds),
    tollgate_webhook_deliveries_pending: {
      help: "Events that wait for a webhook, or for its next try.",
      value: await countPending(services.db),
    },
    tollgate_webhook_delivered_total: {
      help: "Tries of webhooks that were answered 2xx.",
      value: counts.delivered,
    },
    tollgate_webhook_failed_total: {
      help: "Tries of webhooks that failed and are made again.",
      value: counts.failed,
    },
    tollgate_webhook_given_up_total: {
      help: "Tries of webhooks that failed for the last time.",
      value: counts.given_up,
    },
    tollgate_live_keys: { help: "Keys in memory.", value: services.liveKeys.size },
    tollgate_unsaved_keys: {
      help: "Keys whose counters wait to be saved.",
      value: services.writeBehind.unsavedCount,
    },
    tollgate_anonymous_addresses: {
      help: "Addresses counted this minute for requests without a good key.",
      value: services.addressLimiter.size,
    },
    process_resident_memory_bytes: {
      help: "Resident memory.",
      value: process.memoryUsage.rss(),
    },
    tollgate_unavailable_total: {
      help: "Answers of 503: the storage was busy, full or broken, or too much waited.",
      value: services.metrics.unavailable,
    },
    tollgate_ledger_commits_total: {
      help: "Commits of the ledger.",
      value: services.ledger.commits,
    },
    tollgate_ledger_movements_total: {
      help: "Charges, holds and their ends that these commits made; many share one.",
      value: services.ledger.movements,
    },
    tollgate_usage_rolled_total: {
      help: "Entries of the ledger that were taken into usage rollups.",
      value: services.roller.rolled,
    },
    tollgate_usage_lag: {
      help: "Entries of the ledger that usage rollups did not hold yet; answers add them.",
      value: services.roller.lag,
    },
    tollgate_unsaved_usage: {
      help: "Counts of requests that wait to be saved.",
      value: services.requestCounts.unsavedCount,
    },
    tollgate_lost_usage_total: {
      help: "Requests that were not counted in usage: too many counts waited.",
      value: services.requestCounts.lost,
    },
    process_start_time_seconds: {
      help: "When the process started, Unix seconds.",
      value: Math.round(services.clock.nowMs() / 1_000 - process.uptime()),
    },
    process_cpu_seconds_total: {
      help: "User and system CPU time.",
      value: process.cpuUsage().user / 1e6 + process.cpuUsage().system / 1e6,
    },
  };
}
