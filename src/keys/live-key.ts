import type { SpendReset } from "../core/money.ts";
import type { AccountView } from "../credits/account-views.ts";
import type { Spend } from "../credits/spend-windows.ts";
import type { Environment, KeyType } from "../crypto/secret-format.ts";
import type { Counters, Limits } from "../limits/counters.ts";
import type { AddressRange } from "../permissions/address-range.ts";
import type { HatView } from "../permissions/hat-view.ts";
import type { SkillScopes } from "../permissions/skill-scopes.ts";
import type { KeyFace } from "./key-face.ts";
import type { MoneyText } from "./money-text.ts";

/** What was read of a key and its owners. Replaced as a whole when any of it changes. */
export interface Grant {
  readonly keyId: string;
  readonly organizationId: string;
  readonly workspaceId: string;
  /** Whose key it is; null unless its type is `user`. */
  readonly userId: string | null;
  readonly type: KeyType;
  readonly environment: Environment;
  readonly label: string;
  readonly scopes: readonly string[];
  readonly skillScopes: SkillScopes;
  /** What its workspace's hats leave of all skills. */
  readonly hats: HatView;
  readonly plan: string;
  readonly limits: Limits;
  readonly allowedModels: readonly string[] | null;
  readonly allowedProviders: readonly string[] | null;
  readonly addressRanges: readonly AddressRange[] | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly enabled: boolean;
  readonly instanceWide: boolean;
  readonly ownerActive: boolean;
  readonly spendLimitMicros: number | null;
  readonly spendReset: SpendReset;
  readonly account: AccountView;
  readonly expiresAtMs: number | null;
  readonly createdAtMs: number;
  readonly revokedAtMs: number | null;
}

/** A key in memory: its grant, and the counters that go on when the grant is replaced. */
export interface LiveKey {
  readonly id: string;
  grant: Grant;
  readonly counters: Counters;
  /** What it has spent; null for nothing yet. */
  spend: Spend | null;
  /** Which version of the account `spend` is of. */
  spendVersion: number;
  /** What `GET /key` says of it; made at the first question. */
  money: MoneyText | undefined;
  /** 0 when the key was never used. */
  lastUsedAtMs: number;
  /** The digests under which its secrets are held. */
  readonly digests: Set<string>;
  /** Used since the sweep last came by. */
  recent: boolean;
  /** Counted since the last save began. */
  unsaved: boolean;
  /** A save of it is under way. */
  saving: boolean;
  /** The minute, from the Unix epoch, that `okCount` is of; -1 when all is saved. See `RequestCounts`. */
  okMinute: number;
  okCount: number;
}

/** One secret of a key, as presented. */
export interface LiveSecret {
  readonly live: LiveKey;
  /** The keyed hash it is stored under. */
  readonly hash: string;
  /** The runtime that the secret was made for; null for the key's own. */
  readonly runtimeId: string | null;
  /** The end of a runtime's secret, or of the grace period after a rotation; null for the current one. */
  readonly expiresAtMs: number | null;
  /** What `GET /key` says as long as the grant stays; made at the first use. */
  face: KeyFace | undefined;
}
