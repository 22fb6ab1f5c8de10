import { Webhook } from "standardwebhooks";
import type { Clock } from "../core/clock.ts";
import { describeError, type Logger } from "../core/log.ts";
import { version } from "../core/version.ts";
import type { DueDelivery, Outcome } from "./delivery-store.ts";
import { DialError, type Dialler, type Reply } from "./dialler.ts";
import { nextAttemptAt } from "./retry-schedule.ts";
import { signedHeaders, type WebhookSecrets } from "./signing.ts";

/** How long one attempt may take, from the name's resolution to the answer's end. */
const attemptTimeoutMs = 10_000;

interface Sender {
  clock: Clock;
  log: Logger;
  dialler: Dialler;
  secrets: WebhookSecrets;
  /** Cuts the attempt off. */
  stopped: AbortSignal;
}

/** Posts an event once. Returns the answer, or why there is none, for whoever owns the webhook. */
export async function sendDelivery(due: DueDelivery, sender: Sender): Promise<Reply | string> {
  const { clock, log, dialler, secrets, stopped } = sender;
  const atMs = clock.nowMs();
  try {
    const body = bodyOf(due);
    const signed = signedHeaders({ id: due.eventId, atMs, body }, signersOf(due, secrets, atMs));
    return await dialler.post({
      url: due.url,
      body,
      signal: AbortSignal.any([AbortSignal.timeout(attemptTimeoutMs), stopped]),
      headers: {
        "content-type": "application/json",
        "user-agent": `Tollgate/${version}`,
        ...signed,
      },
    });
  } catch (error) {
    if (error instanceof DialError) return error.message;
    log.error("A webhook could not be called", { error: describeError(error) });
    return "The delivery could not be made.";
  }
}

/** The same text at every attempt: what is signed is what happened, not when it was sent. */
function bodyOf({ type, payload, eventAtMs }: DueDelivery): string {
  const data: unknown = JSON.parse(payload);
  return JSON.stringify({ type, timestamp: new Date(eventAtMs).toISOString(), data });
}

/** The secrets that hold: after a rotation the one before too, until its end. */
function signersOf(due: DueDelivery, secrets: WebhookSecrets, nowMs: number): Webhook[] {
  const { webhookId, sealedSecret, oldSealedSecret, oldSecretExpiresAtMs } = due;
  const isOldGood = oldSealedSecret !== null && (oldSecretExpiresAtMs ?? 0) > nowMs;
  const sealed = isOldGood ? [sealedSecret, oldSealedSecret] : [sealedSecret];
  return sealed.map((one) => new Webhook(secrets.open(webhookId, one)));
}

const noReply: { status: null; retryAfter: null } = { status: null, retryAfter: null };

/** What an answer, or the lack of one, makes of a delivery. */
export function outcomeOf(
  due: DueDelivery,
  answer: Reply | string,
  { atMs, random }: { atMs: number; random: () => number },
): Outcome {
  const { status, retryAfter } = typeof answer === "string" ? noReply : answer;
  const common = { deliveryId: due.id, webhookId: due.webhookId, atMs, status };
  if (status !== null && status >= 200 && status < 300) {
    return { ...common, state: "delivered", nextAttemptAtMs: null, error: null };
  }
  const attempts = due.attempts + 1;
  // Gone is for good (RFC 9110 section 15.5.11).
  const nextAttemptAtMs =
    status === 410 ? null : nextAttemptAt({ attempts, atMs, retryAfter, random });
  return {
    ...common,
    state: nextAttemptAtMs === null ? "failed" : "pending",
    nextAttemptAtMs,
    error: typeof answer === "string" ? answer : `It answered ${status}.`,
  };
}
