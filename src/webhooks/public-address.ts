import ipaddr from "ipaddr.js";
import { type AddressRange, isInRanges, parseAddress } from "../permissions/address-range.ts";

/** Public by its number, and yet inside: Azure's machines are managed from it. */
const metadataAddresses = new Set(["168.63.129.16"]);
const globalUnicast = ipaddr.parseCIDR("2000::/3") as [ipaddr.IPv6, number];

/**
 * Whether an address is one of the internet's, to the best of what is registered (RFC 6890). An IPv4
 * address inside an IPv6 one is judged where networks translate it (RFC 4291 section 2.5.5, RFC 6052);
 * tunnels that carry one (6to4, Teredo) are refused.
 */
export function isPublicAddress(text: string): boolean {
  const address = parseAddress(text);
  if (address === undefined || metadataAddresses.has(address.toString())) return false;
  if (address.kind() === "ipv4") return address.range() === "unicast";
  const inner = translated(address as ipaddr.IPv6);
  if (inner !== undefined) return isPublicAddress(inner);
  return address.range() === "unicast" && (address as ipaddr.IPv6).match(globalUnicast);
}

/** Whether webhooks may go there: a public address, or one that the operator allows. */
export function isAllowedAddress(address: string, allowed: readonly AddressRange[]): boolean {
  return isPublicAddress(address) || isInRanges(address, allowed);
}

const nat64 = ipaddr.parseCIDR("64:ff9b::/96") as [ipaddr.IPv6, number];

/** The IPv4 address that a NAT64 gateway makes of an address with the well-known prefix. */
function translated(address: ipaddr.IPv6): string | undefined {
  if (!address.match(nat64)) return undefined;
  return address.toByteArray().slice(12).join(".");
}
