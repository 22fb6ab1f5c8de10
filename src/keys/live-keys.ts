import { DomainError } from "../core/errors.ts";
import type { Spend } from "../credits/spend-windows.ts";
import { restoreCounters } from "../limits/counters.ts";
import type { WindowClock } from "../limits/window-clock.ts";
import { ColdReader } from "./cold-reader.ts";
import type { Upgrade } from "./import-store.ts";
import type { Grant, LiveKey, LiveSecret } from "./live-key.ts";
import type { LoadedSecret } from "./live-key-row.ts";

/** Candidates that a sweep looks at for each key over the bound, and a few for good measure. */
const sweepStepsPerKey = 4;
const sweepStepsAtLeast = 64;
/** Reads of one secret that an invalidation may overtake before the caller gets 503. */
const readAttemptsMax = 20;
/** Keys over the bound that are kept while their counters wait to be saved; past it, 503. */
const overcommitFactor = 2;

/**
 * The keys in memory. It holds digests and hashes, never a secret. A key that leaves takes its
 * counters to the database first, so the table can be small: a key that was used once and never
 * again costs nothing.
 *
 * Revocation: `invalidate` drops what was read of a key and raises `#version`. A read that began
 * before is thrown away and done again, so no answer is ever built on a row older than the last
 * invalidation.
 */
export class LiveKeys {
  #bySecret = new Map<string, LiveSecret>();
  #byKey = new Map<string, LiveKey>();
  #version = 0;
  #reader: ColdReader;
  #isSweepDue = false;

  constructor(
    private readonly options: {
      clock: WindowClock;
      keysMax: number;
      /** What a secret may be stored under: the hash of itself first, then that of its digest. */
      hashesOf: (secret: string) => string[];
      loadSecrets: (hashes: string[]) => Promise<LoadedSecret[]>;
      /** Told of a secret that was found by its digest. */
      onDigest: (found: Upgrade) => void;
    },
  ) {
    this.#reader = new ColdReader(options.loadSecrets, () => this.#version);
  }

  /** Goes up with every invalidation: what was read before it may be old. */
  get version(): number {
    return this.#version;
  }

  /** The secret when it is in memory. `digest` is `digestOf(secret)`. */
  find(digest: string): LiveSecret | undefined {
    const found = this.#bySecret.get(digest);
    if (found !== undefined) found.live.recent = true;
    return found;
  }

  /** The secret, read from the database; undefined when there is none like it. */
  async load(secret: string): Promise<LiveSecret | undefined> {
    const hashes = this.options.hashesOf(secret);
    for (let attempt = 0; attempt < readAttemptsMax; attempt++) {
      const { secret: loaded, version } = await this.#reader.read(hashes);
      if (version !== this.#version) continue;
      if (loaded === undefined) return undefined;
      this.#noteDigest(hashes[0], loaded);
      return this.#admit(digestOf(secret), loaded);
    }
    throw new DomainError("overloaded", "Keys change too fast to be read.", {
      retryAfterSeconds: 1,
    });
  }

  /** What a commit has made of a key's spend. */
  updateSpend(keyId: string, spend: { spend: Spend; spendVersion: number }): void {
    const live = this.#byKey.get(keyId);
    if (live !== undefined) this.#setSpend(live, spend);
  }

  /** Forgets what was read of a key. Its counters stay. */
  invalidate(keyId: string): void {
    this.#version++;
    const live = this.#byKey.get(keyId);
    if (live !== undefined) this.#forget(live);
  }

  /** Forgets what was read of a user's keys: what the user is or wears has changed. */
  invalidateUser(userId: string): void {
    this.#forgetWhere((grant) => grant.userId === userId);
  }

  /** Forgets what was read of an organization's keys: its state, plan, workspaces or hats have changed. */
  invalidateOrganization(organizationId: string): void {
    this.#forgetWhere((grant) => grant.organizationId === organizationId);
  }

  /** Forgets what was read of every key: a plan changed. */
  invalidateAll(): void {
    this.#version++;
    this.#bySecret.clear();
    for (const live of this.#byKey.values()) live.digests.clear();
  }

  get size(): number {
    return this.#byKey.size;
  }

  /** Over all keys in memory, some thousands: a tenth of a millisecond for a rare change. */
  #forgetWhere(isMeant: (grant: Grant) => boolean): void {
    this.#version++;
    for (const live of this.#byKey.values()) {
      if (isMeant(live.grant)) this.#forget(live);
    }
  }

  #forget(live: LiveKey): void {
    for (const digest of live.digests) this.#bySecret.delete(digest);
    live.digests.clear();
  }

  #noteDigest(secretHash: string | undefined, { hash, grant }: LoadedSecret): void {
    if (secretHash === undefined || hash === secretHash) return;
    this.options.onDigest({ keyId: grant.keyId, hash, secretHash });
  }

  #admit(digest: string, loaded: LoadedSecret): LiveSecret {
    const live = this.#byKey.get(loaded.grant.keyId) ?? this.#insert(loaded);
    live.grant = loaded.grant;
    this.#setSpend(live, loaded);
    live.digests.add(digest);
    const { hash, runtimeId, expiresAtMs } = loaded;
    const secret = { live, hash, runtimeId, expiresAtMs, face: undefined };
    this.#bySecret.set(digest, secret);
    return secret;
  }

  /** What is older than what is known stays out: reads and commits overtake each other. */
  #setSpend(live: LiveKey, now: { spend: Spend | null; spendVersion: number }): void {
    // The limit that is shown beside it may be another one.
    live.money = undefined;
    if (now.spendVersion <= live.spendVersion) return;
    live.spend = now.spend;
    live.spendVersion = now.spendVersion;
  }

  #insert(loaded: LoadedSecret): LiveKey {
    if (this.#byKey.size >= this.options.keysMax * overcommitFactor) {
      throw new DomainError("overloaded", "Too many keys wait for their counters to be saved.", {
        retryAfterSeconds: 1,
      });
    }
    const live: LiveKey = {
      id: loaded.grant.keyId,
      grant: loaded.grant,
      counters: restoreCounters(loaded.counters, this.options.clock.nowMs()),
      spend: null,
      spendVersion: -1,
      money: undefined,
      lastUsedAtMs: loaded.lastUsedAtMs,
      digests: new Set(),
      recent: false,
      unsaved: false,
      saving: false,
      okMinute: -1,
      okCount: 0,
    };
    this.#byKey.set(live.id, live);
    if (this.#byKey.size > this.options.keysMax) this.#sweepSoon();
    return live;
  }

  /**
   * Not now: a key that was just read is counted some microtasks later, and until then nothing tells
   * that it is in use. A sweep in a turn of its own finds every key counted or idle.
   */
  #sweepSoon(): void {
    if (this.#isSweepDue) return;
    this.#isSweepDue = true;
    setImmediate(() => {
      this.#isSweepDue = false;
      this.#sweep();
    });
  }

  /** The clock algorithm on the map's insertion order: a key used since the last pass is passed over. */
  #sweep(): void {
    const { keysMax } = this.options;
    let steps = sweepStepsAtLeast + sweepStepsPerKey * (this.#byKey.size - keysMax);
    for (const live of this.#byKey.values()) {
      if (this.#byKey.size <= keysMax || steps-- <= 0) return;
      this.#byKey.delete(live.id);
      if (live.recent || live.unsaved || live.saving || live.counters.inFlight > 0) {
        live.recent = false;
        this.#byKey.set(live.id, live);
        continue;
      }
      for (const digest of live.digests) this.#bySecret.delete(digest);
    }
  }
}

/** What a secret is held under in memory: SHA-256, which costs a tenth of a microsecond. */
export function digestOf(secret: string): string {
  return Bun.SHA256.hash(secret, "base64");
}
