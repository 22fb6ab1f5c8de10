import { minuteMs } from "../core/clock.ts";
import { HitLimiter } from "./hit-limiter.ts";
import type { WindowClock } from "./window-clock.ts";

/** Limits requests without a good key by client address, in fixed windows of a minute. */
export class AddressLimiter {
  #hits: HitLimiter;

  constructor(clock: WindowClock, perMinute: number) {
    this.#hits = new HitLimiter({ clock, windowMs: minuteMs, hitsMax: perMinute });
  }

  /** Counts one request. Returns 0, or the milliseconds to wait when the address is over its limit. */
  hit(address: string): number {
    return this.#hits.hit(networkOf(address));
  }

  /** What is left to the address in this minute, and when that ends by the wall clock. */
  stateOf(address: string): { limit: number; left: number; resetMs: number } {
    return this.#hits.stateOf(networkOf(address));
  }

  get size(): number {
    return this.#hits.size;
  }
}

/**
 * An IPv6 host owns a /64 and can change its address at will, so the /64 is what counts. Addresses
 * come normalized, with all eight groups.
 */
export function networkOf(address: string): string {
  return address.includes(":") ? address.split(":", 4).join(":") : address;
}
