import { minuteMs } from "../core/clock.ts";
import { DomainError } from "../core/errors.ts";
import { wholeSeconds } from "../keys/denials.ts";
import { networkOf } from "../limits/address-limiter.ts";
import { HitLimiter } from "../limits/hit-limiter.ts";
import type { WindowClock } from "../limits/window-clock.ts";

const windowMs = 15 * minuteMs;

/** Failed tries of one account from one address in a quarter of an hour. */
export const loginsOfPairMax = 10;
/** Failed tries of one account from everywhere, and from one address at all accounts. */
export const loginsOfOneMax = 100;

/**
 * Limits tries of passwords by account and address. The tight limit is for the pair of both: one for
 * the account alone would let anybody lock its owner out. A try counts before it is checked, so that
 * many at once are no way around, and is taken back when it was right.
 */
export class LoginLimiter {
  #pairs: HitLimiter;
  #accounts: HitLimiter;
  #addresses: HitLimiter;

  constructor(clock: WindowClock) {
    this.#pairs = new HitLimiter({ clock, windowMs, hitsMax: loginsOfPairMax });
    this.#accounts = new HitLimiter({ clock, windowMs, hitsMax: loginsOfOneMax });
    this.#addresses = new HitLimiter({ clock, windowMs, hitsMax: loginsOfOneMax });
  }

  /** Counts a try. Returns the function that takes it back. Throws 429 when there were too many. */
  attempt(account: string, address: string | null): () => void {
    const network = networkOf(address ?? "unknown");
    const pair = `${network} ${account}`;
    const counted: [HitLimiter, string][] = [];
    const takeBack = () => {
      for (const [limiter, name] of counted) limiter.release(name);
    };
    // The address first: one over its limit puts no names into the other tables.
    const limits: [HitLimiter, string][] = [
      [this.#addresses, network],
      [this.#pairs, pair],
      [this.#accounts, account],
    ];
    for (const [limiter, name] of limits) {
      const waitMs = limiter.hit(name);
      if (waitMs === 0) {
        counted.push([limiter, name]);
        continue;
      }
      takeBack();
      throw new DomainError("rate_limit_exceeded", "Too many tries. Wait a while.", {
        retryAfterSeconds: wholeSeconds(waitMs),
      });
    }
    return takeBack;
  }
}
