import { randomInt } from "node:crypto";
import type { AuditLog } from "../audit/audit-log.ts";
import type { Clock } from "../core/clock.ts";
import type { Logger } from "../core/log.ts";
import type { Database } from "../db/client.ts";
import { type Actor, noLimits } from "../organizations/actor.ts";
import type { AddressRange } from "../permissions/address-range.ts";
import { disableWebhook } from "./change-webhook.ts";
import { Dialler } from "./dialler.ts";
import { Dispatcher } from "./dispatcher.ts";
import { WebhookSecrets } from "./signing.ts";
import type { WebhooksContext } from "./webhooks-context.ts";

/** What a server needs for webhooks: the context of the verbs, and what delivers. */
export function createWebhooks(options: {
  db: Database;
  clock: Clock;
  log: Logger;
  audit: AuditLog;
  /** The subkey that secrets are sealed under. */
  key: Buffer;
  allowed: readonly AddressRange[];
  noteListener: () => void;
}): { webhooks: WebhooksContext; dispatcher: Dispatcher } {
  const { db, clock, log, audit, key, allowed, noteListener } = options;
  const secrets = new WebhookSecrets(key);
  const webhooks = { db, audit, clock, secrets, allowed, noteListener };
  const dispatcher = new Dispatcher({
    db,
    clock,
    log,
    secrets,
    dialler: new Dialler({ allowed }),
    random,
    disable: async ({ webhookId, organizationId: owner }, cause) => {
      const what = { owner, webhookId, ...cause, actor: system(owner) };
      if (!(await disableWebhook(webhooks, what))) return;
      log.warn("A webhook was switched off", { webhook: webhookId, reason: cause.reason });
    },
  });
  return { webhooks, dispatcher };
}

const randomSteps = 1_000_000;

function random(): number {
  return randomInt(randomSteps) / randomSteps;
}

/** The server itself, as the audit log names it. */
function system(organizationId: string | null): Actor {
  return {
    type: "system",
    id: "system",
    userId: null,
    organizationId: organizationId ?? "",
    workspaceId: "",
    role: null,
    scopes: [],
    instanceWide: organizationId === null,
    expiresAtMs: null,
    addressRanges: null,
    limits: noLimits,
    origin: null,
  };
}
