import type { Dialect } from "../dialects/dialect.ts";
import type { AddressLimiter } from "../limits/address-limiter.ts";
import { writeAddressLimit } from "../limits/rate-limit-headers.ts";
import type { ClientAddresses } from "./client-address.ts";

/**
 * For dialects whose every response tells of limits: answers to nobody's key, such as a 401, get those
 * of the address. Undefined for the others, which is settled at the start.
 */
export function limitsEverywhere(services: {
  dialect: Pick<Dialect, "limitHeadersEverywhere">;
  addresses: ClientAddresses;
  addressLimiter: AddressLimiter;
}): ((request: Request, response: Response) => void) | undefined {
  const { dialect, addresses, addressLimiter } = services;
  if (dialect.limitHeadersEverywhere !== true) return undefined;
  return (request, { headers }) => {
    if (headers.has("x-ratelimit-limit")) return;
    writeAddressLimit(headers, addressLimiter.stateOf(addresses.of(request) ?? "unknown"));
  };
}
