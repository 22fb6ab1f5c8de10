import type { Role } from "../core/tenancy.ts";
import type { Limits } from "../limits/counters.ts";
import type { AddressRange } from "../permissions/address-range.ts";

/** Where a call came from, for the audit log. */
export interface Origin {
  address: string | null;
  userAgent: string | null;
  requestId: string;
}

/** `operator` is the command line, whose user owns the database file; `system` the server itself. */
export const actorTypes = ["user", "key", "operator", "system"] as const;
export type ActorType = (typeof actorTypes)[number];

/** Who makes a change: a person, a key, a command on the machine itself. */
export interface Actor {
  type: ActorType;
  /** Goes into `created_by` and the like: the id of a user or a key, `cli` or `system`. */
  id: string;
  /** The user who is logged in, or whose key it is. */
  userId: string | null;
  organizationId: string;
  workspaceId: string;
  /** What a person is in the organization; null for a key, which has scopes, and for the operator. */
  role: Role | null;
  scopes: readonly string[];
  /** May change what belongs to the instance, such as plans, and sees all organizations. */
  instanceWide: boolean;
  /** What bounds the actor bounds the management keys it makes. */
  expiresAtMs: number | null;
  addressRanges: readonly AddressRange[] | null;
  limits: Limits;
  /** Worked out when a change is recorded: most calls change nothing. Null for a command. */
  origin: (() => Origin) | null;
  /** The actor as it is now. Throws 401 or 403 when it may no longer do what it is about to do. */
  refresh?: () => Promise<Actor>;
}

export const noLimits: Limits = {
  requestsPerMinute: null,
  requestsPerDay: null,
  concurrentRequests: null,
};
