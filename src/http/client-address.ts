import type { Server } from "bun";
import { type AddressRange, isInRanges, parseAddress } from "../permissions/address-range.ts";

/** Hops of an X-Forwarded-For header that are looked at. */
const hopsMax = 32;

/** Tells where a request comes from. */
export class ClientAddresses {
  #server: Server<unknown> | undefined;
  #originals = new WeakMap<Request, Request>();

  constructor(private readonly trustedProxies: readonly AddressRange[]) {}

  /** The server whose connections are asked for their peer; without one every address is unknown. */
  attach(server: Server<unknown>): void {
    this.#server = server;
  }

  /**
   * `request` was made from `original`. The first of such a line alone is known to the server: a HEAD of
   * an alias becomes a GET, and that a GET of another path.
   */
  derive(request: Request, original: Request): Request {
    this.#originals.set(request, this.#originals.get(original) ?? original);
    return request;
  }

  /**
   * The peer's address, or, while the peer is a trusted proxy, the nearest address in
   * `X-Forwarded-For` that is not one. Anything further left could be the client's own invention.
   */
  of(request: Request): string | undefined {
    const peer = normalize(
      this.#server?.requestIP(this.#originals.get(request) ?? request)?.address,
    );
    if (peer === undefined || !this.#isTrusted(peer)) return peer;
    const hops = (request.headers.get("x-forwarded-for") ?? "").split(",").slice(-hopsMax);
    let address = peer;
    for (const hop of hops.reverse()) {
      const next = normalize(hop.trim());
      if (next === undefined) return address;
      address = next;
      if (!this.#isTrusted(address)) return address;
    }
    return address;
  }

  #isTrusted(address: string): boolean {
    return this.trustedProxies.length > 0 && isInRanges(address, this.trustedProxies);
  }
}

function normalize(address: string | undefined): string | undefined {
  return address === undefined ? undefined : parseAddress(address)?.toNormalizedString();
}
