import type { KeyedHash } from "../crypto/keyed-hash.ts";
import type { PasswordHasher } from "../crypto/password-hash.ts";
import type { ChangeContext } from "../organizations/change-context.ts";
import type { LoginLimiter } from "../sessions/login-limiter.ts";
import type { SessionGate } from "../sessions/session-gate.ts";
import type { LinkWebhook } from "./link-webhook.ts";

/** What the verbs about people work with, besides what every change does. */
export interface PeopleContext extends ChangeContext {
  hasher: PasswordHasher;
  tokenHash: KeyedHash;
  sessions: SessionGate;
  loginLimiter: LoginLimiter;
  linkWebhook: LinkWebhook;
}
