import { randomBytes } from "node:crypto";
import type { Webhook } from "standardwebhooks";
import { seal, unseal } from "../crypto/seal.ts";

const secretBytes = 32;

/** A new secret to sign deliveries with: 256 random bits, as Standard Webhooks writes them. */
export function newWebhookSecret(): string {
  return `whsec_${randomBytes(secretBytes).toString("base64")}`;
}

/** Seals the secrets of webhooks under a subkey of the root key, each for its own webhook. */
export class WebhookSecrets {
  constructor(private readonly key: Buffer) {}

  seal(webhookId: string, secret: string): string {
    return seal(this.key, webhookId, `webhooks ${webhookId}`, secret);
  }

  open(webhookId: string, sealed: string): string {
    return unseal(this.key, webhookId, `webhooks ${webhookId}`, sealed);
  }
}

export interface Signed {
  id: string;
  atMs: number;
  body: string;
}

/**
 * The headers of a message, as Standard Webhooks says: a signature by each secret that holds, so that
 * a receiver finds its own while one is replaced by the next.
 */
export function signedHeaders(
  { id, atMs, body }: Signed,
  signers: readonly Webhook[],
): Record<string, string> {
  const at = new Date(atMs);
  return {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(atMs / 1_000)),
    "webhook-signature": signers.map((signer) => signer.sign(id, at, body)).join(" "),
  };
}
