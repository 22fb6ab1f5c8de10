import { minuteMs } from "../core/clock.ts";
import type { WindowClock } from "./window-clock.ts";

/** Addresses counted one by one; the rest of a minute's addresses share one counter. */
export const addressesMax = 65_536;
/** The shared counter's allowance, in times of one address's. */
const overflowFactor = 100;

/**
 * Limits requests without a good key by client address, in fixed windows of a minute. The table is
 * dropped with its window, so it holds what came within one minute and never more than `addressesMax`.
 */
export class AddressLimiter {
  #counts = new Map<string, number>();
  #overflow = 0;
  #window = -1;

  constructor(
    private readonly clock: WindowClock,
    private readonly perMinute: number,
  ) {}

  /** Counts one request. Returns 0, or the milliseconds to wait when the address is over its limit. */
  hit(address: string): number {
    const nowMs = this.clock.nowMs();
    const window = Math.floor(nowMs / minuteMs);
    if (window > this.#window) {
      this.#window = window;
      this.#counts.clear();
      this.#overflow = 0;
    }
    return this.#admit(networkOf(address)) ? 0 : this.clock.untilMs((this.#window + 1) * minuteMs);
  }

  get size(): number {
    return this.#counts.size;
  }

  #admit(network: string): boolean {
    const count = this.#counts.get(network);
    if (count === undefined && this.#counts.size >= addressesMax) {
      this.#overflow++;
      return this.#overflow <= this.perMinute * overflowFactor;
    }
    if (count !== undefined && count >= this.perMinute) return false;
    this.#counts.set(network, (count ?? 0) + 1);
    return true;
  }
}

/**
 * An IPv6 host owns a /64 and can change its address at will, so the /64 is what counts. Addresses
 * come normalized, with all eight groups.
 */
function networkOf(address: string): string {
  return address.includes(":") ? address.split(":", 4).join(":") : address;
}
