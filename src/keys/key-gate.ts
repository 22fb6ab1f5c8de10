import type { Clock } from "../core/clock.ts";
import type { Dialect } from "../dialects/dialect.ts";
import { uncountRequest } from "../limits/counters.ts";
import type { WindowClock } from "../limits/window-clock.ts";
import type { RequestCounts } from "../usage/request-counts.ts";
import type { WriteBehind } from "../usage/write-behind.ts";
import { consume, type Denial, type Moment } from "./decide.ts";
import type { ImportedSecrets } from "./imported-secrets.ts";
import { KeyFaces } from "./key-face.ts";
import type { LiveSecret } from "./live-key.ts";
import { digestOf, type LiveKeys } from "./live-keys.ts";

/** Where presented secrets come in: finds the key behind one and counts what was admitted. */
export class KeyGate {
  /** The texts and headers that answers about keys are made of. */
  readonly faces: KeyFaces;
  readonly #moment: Moment;
  readonly clock: Clock;
  readonly windowClock: WindowClock;
  readonly #liveKeys: LiveKeys;
  readonly #writeBehind: WriteBehind;
  readonly #imported: Pick<ImportedSecrets, "mayBeSecret">;
  readonly #requests: RequestCounts;

  constructor(options: {
    clock: Clock;
    windowClock: WindowClock;
    liveKeys: LiveKeys;
    writeBehind: WriteBehind;
    imported: Pick<ImportedSecrets, "mayBeSecret">;
    requestCounts: RequestCounts;
    dialect: Pick<Dialect, "limitHeadersEverywhere">;
  }) {
    this.clock = options.clock;
    this.windowClock = options.windowClock;
    this.#liveKeys = options.liveKeys;
    this.#writeBehind = options.writeBehind;
    this.#imported = options.imported;
    this.#requests = options.requestCounts;
    this.faces = new KeyFaces(this.windowClock, options.dialect.limitHeadersEverywhere === true);
    const untilMs = (windowMs: number) => this.windowClock.untilMs(windowMs);
    this.#moment = { wallMs: 0, windowMs: 0, untilMs };
  }

  /** Now, on both clocks. One object serves all requests: use it before the next await. */
  now(): Moment {
    this.#moment.wallMs = this.clock.nowMs();
    this.#moment.windowMs = this.windowClock.nowMs(this.#moment.wallMs);
    return this.#moment;
  }

  /** The secret when it is in memory: the fast path, without a promise. */
  findHot(secret: string): LiveSecret | undefined {
    return this.#liveKeys.find(digestOf(secret));
  }

  /** The secret, from memory or the database. Junk is thrown out before any look-up. */
  async find(secret: string): Promise<LiveSecret | undefined> {
    const hot = this.findHot(secret);
    if (hot !== undefined) return hot;
    return this.#imported.mayBeSecret(secret) ? this.#liveKeys.load(secret) : undefined;
  }

  /**
   * Counts a request against the limits, as `consume` does. Returns the function that takes it back when it
   * is refused after all.
   */
  reserve(secret: LiveSecret, wallMs: number): () => void {
    const { counters } = secret.live;
    this.#count(secret, wallMs);
    const { minuteWindow, dayWindow } = counters;
    return () => uncountRequest(counters, { minuteWindow, dayWindow });
  }

  /** Counts an admitted request, in the same turn as the decision. The subject is a skill or model, or empty. */
  consume(secret: LiveSecret, wallMs: number, subject = ""): void {
    this.#count(secret, wallMs);
    if (isUsage(secret)) this.#requests.admit(secret.live, wallMs, subject);
  }

  /** Counts a reserved request among what was used, once it is known to be admitted. */
  noteAdmitted({ live }: LiveSecret, subject: string): void {
    this.#requests.admit(live, this.clock.nowMs(), subject);
  }

  /** Counts a refusal among what was asked. Only of keys that are known: a bad secret is nobody's. */
  noteRefused(secret: LiveSecret, { code, error }: Denial, subject = ""): void {
    if (code === "NOT_FOUND" || !isUsage(secret)) return;
    // The caller is not told why a credential is bad; the key's owner is.
    const status = error.code === "invalid_api_key" ? code.toLowerCase() : error.code;
    this.#requests.refuse(secret.live, { subject, status, wallMs: this.clock.nowMs() });
  }

  #count(secret: LiveSecret, wallMs: number): void {
    consume(secret, wallMs);
    this.#writeBehind.note(secret);
  }
}

/** Calls of the management API are no usage: each verification would count twice. */
function isUsage({ live }: LiveSecret): boolean {
  return live.grant.type !== "management";
}
