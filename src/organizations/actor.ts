import type { Limits } from "../limits/counters.ts";
import type { AddressRange } from "../permissions/address-range.ts";

/** Where a call came from, for the audit log. */
export interface Origin {
  address: string | null;
  userAgent: string | null;
  requestId: string;
}

/** Who makes a change: a management key, or a command on the machine itself. */
export interface Actor {
  /** Goes into `created_by` and the like: the id of a key, `cli` or `system`. */
  id: string;
  organizationId: string;
  workspaceId: string;
  scopes: readonly string[];
  /** May change what belongs to the instance, such as plans. */
  instanceWide: boolean;
  /** True for the command line, whose user owns the database file anyway. */
  isCommand: boolean;
  /** What bounds the actor bounds the management keys it makes. */
  expiresAtMs: number | null;
  addressRanges: readonly AddressRange[] | null;
  limits: Limits;
  /** Worked out when a change is recorded: most calls change nothing. Null for a command. */
  origin: (() => Origin) | null;
  /** The actor as it is now. Throws 401 or 403 when it may no longer do what it is about to do. */
  refresh?: () => Promise<Actor>;
}
