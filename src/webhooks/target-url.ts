import { invalidField } from "../core/errors.ts";
import { type AddressRange, isInRanges, parseAddress } from "../permissions/address-range.ts";
import { isAllowedAddress } from "./public-address.ts";

/** Characters of a target, as it is stored and called. */
export const webhookUrlLengthMax = 2_048;

/**
 * Reads the URL of a webhook as it will be called: the parser turns hosts such as `0x7f000001` into
 * addresses. What a name stands for is judged at each call (`dialler.ts`). Throws 422 for what no call
 * could go to.
 */
export function readTargetUrl(text: string, allowed: readonly AddressRange[]): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw invalidField("url", "Not an https URL.");
  }
  if (url.username !== "" || url.password !== "") {
    throw invalidField("url", "Must have no user or password: the signature says who calls.");
  }
  if (url.hash !== "") throw invalidField("url", "Must have no fragment: it would not be sent.");
  const address = parseAddress(hostOf(url));
  if (address !== undefined && !isAllowedAddress(address.toString(), allowed)) {
    throw invalidField("url", "This address is not public.");
  }
  if (url.protocol === "http:" && !mayBeInside(address?.toString(), allowed)) {
    throw invalidField("url", "Must be https, but to networks that the operator allows.");
  }
  // What the parser makes of it is longer, since it writes some characters as three.
  if (url.href.length > webhookUrlLengthMax) throw invalidField("url", "Too long once encoded.");
  return url.href;
}

/** The host without the brackets of an IPv6 address. */
export function hostOf({ hostname }: URL): string {
  return hostname.startsWith("[") ? hostname.slice(1, -1) : hostname;
}

function mayBeInside(address: string | undefined, allowed: readonly AddressRange[]): boolean {
  return address === undefined ? allowed.length > 0 : isInRanges(address, allowed);
}
