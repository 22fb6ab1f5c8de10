import type { Clock } from "../core/clock.ts";
import { isWellFormedSecret } from "../crypto/secret-format.ts";
import type { Dialect } from "../dialects/dialect.ts";
import { uncountRequest } from "../limits/counters.ts";
import type { WindowClock } from "../limits/window-clock.ts";
import type { WriteBehind } from "../usage/write-behind.ts";
import { consume, type Moment } from "./decide.ts";
import { KeyFaces } from "./key-face.ts";
import type { LiveSecret } from "./live-key.ts";
import { digestOf, type LiveKeys } from "./live-keys.ts";

/** Where presented secrets come in: finds the key behind one and counts what was admitted. */
export class KeyGate {
  /** The texts and headers that answers about keys are made of. */
  readonly faces: KeyFaces;
  readonly #moment: Moment;

  constructor(
    readonly clock: Clock,
    readonly windowClock: WindowClock,
    private readonly liveKeys: LiveKeys,
    private readonly writeBehind: WriteBehind,
    { limitHeadersEverywhere }: Pick<Dialect, "limitHeadersEverywhere">,
  ) {
    this.faces = new KeyFaces(windowClock, limitHeadersEverywhere === true);
    const untilMs = (windowMs: number) => windowClock.untilMs(windowMs);
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
    return this.liveKeys.find(digestOf(secret));
  }

  /** The secret, from memory or the database. Junk is thrown out before any look-up. */
  async find(secret: string): Promise<LiveSecret | undefined> {
    const hot = this.findHot(secret);
    if (hot !== undefined) return hot;
    return isWellFormedSecret(secret) ? this.liveKeys.load(secret) : undefined;
  }

  /** Counts a request as `consume` does. Returns the function that takes it back when it is refused after all. */
  reserve(secret: LiveSecret, wallMs: number): () => void {
    const { counters } = secret.live;
    this.consume(secret, wallMs);
    const { minuteWindow, dayWindow } = counters;
    return () => uncountRequest(counters, { minuteWindow, dayWindow });
  }

  /** Counts an admitted request, in the same turn as the decision. */
  consume(secret: LiveSecret, wallMs: number): void {
    consume(secret, wallMs);
    this.writeBehind.note(secret);
  }
}
