import { Webhook } from "standardwebhooks";
import type { Clock } from "../core/clock.ts";
import { describeError, type Logger } from "../core/log.ts";
import type { LinkPurpose } from "../core/tenancy.ts";
import { signedHeaders } from "../webhooks/signing.ts";
import type { OneTimeLink } from "./schemas.ts";

/** Deliveries that may wait; a further one is dropped, and logged without its link. */
export const linkDeliveriesMax = 1_000;
/** Calls to the mailer at one time. */
const callsMax = 8;
const attemptTimeoutMs = 10_000;
/** Pauses between the tries of one delivery. */
const usualPausesMs = [1_000, 10_000, 60_000];

/** What somebody is to be told: who, what for, and the link. */
export interface LinkMessage {
  purpose: LinkPurpose;
  email: string;
  /** The organization's name; null when it is no organization's. */
  organization: string | null;
  link: OneTimeLink;
}

/**
 * Hands one-time links to the operator's own mailer, signed as Standard Webhooks says. The token is
 * nowhere stored, so deliveries are tried from memory and end with the process: whoever made the link
 * has it in the answer too. The address is the operator's setting, and may lie inside.
 */
export class LinkWebhook {
  readonly #signer: Webhook | undefined;
  #waiting = 0;
  #calls = 0;
  #queue: (() => void)[] = [];

  constructor(
    private readonly options: {
      url: string;
      secret: string;
      clock: Clock;
      log: Logger;
      pausesMs?: readonly number[];
    },
  ) {
    this.#signer = options.url === "" ? undefined : new Webhook(options.secret);
  }

  /** Delivers in the background; nobody waits for it. Does nothing when no address is set. */
  send(message: LinkMessage): void {
    if (this.#signer === undefined) return;
    const { log } = this.options;
    if (this.#waiting >= linkDeliveriesMax) {
      log.error("A link was not delivered: too many wait", { link: message.link.id });
      return;
    }
    this.#waiting++;
    void this.#deliver(this.#signer, message)
      .catch((error: unknown) => {
        log.error("A link was not delivered", {
          link: message.link.id,
          error: describeError(error),
        });
      })
      .finally(() => this.#waiting--);
  }

  async #deliver(signer: Webhook, message: LinkMessage): Promise<void> {
    const { pausesMs = usualPausesMs } = this.options;
    for (let attempt = 0; ; attempt++) {
      try {
        await this.#inTurn(() => this.#post(signer, message));
        return;
      } catch (error) {
        const pauseMs = pausesMs[attempt];
        if (pauseMs === undefined) throw error;
        await Bun.sleep(pauseMs);
      }
    }
  }

  async #inTurn(call: () => Promise<void>): Promise<void> {
    if (this.#calls >= callsMax) await new Promise<void>((resolve) => this.#queue.push(resolve));
    this.#calls++;
    try {
      await call();
    } finally {
      this.#calls--;
      this.#queue.shift()?.();
    }
  }

  async #post(signer: Webhook, { purpose, email, organization, link }: LinkMessage): Promise<void> {
    const { url, clock } = this.options;
    const atMs = clock.nowMs();
    const timestamp = new Date(atMs).toISOString();
    const data = { purpose, email, organization, url: link.url, expires_at: link.expires_at };
    const body = JSON.stringify({ type: "link.created", timestamp, data });
    const response = await fetch(url, {
      method: "POST",
      body,
      redirect: "error",
      signal: AbortSignal.timeout(attemptTimeoutMs),
      headers: {
        "content-type": "application/json",
        ...signedHeaders({ id: link.id, atMs, body }, [signer]),
      },
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`The link webhook answered ${response.status}.`);
  }
}
