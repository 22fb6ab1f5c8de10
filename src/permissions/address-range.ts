import ipaddr from "ipaddr.js";

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** A network: every address whose first `bits` bits are those of `base`. */
export interface AddressRange {
  readonly base: Address;
  readonly bits: number;
}

/** Reads `10.0.0.0/8`, `2001:db8::/32` or a single address; undefined for anything else. */
export function parseAddressRange(text: string): AddressRange | undefined {
  try {
    if (text.includes("/")) {
      const [base, bits] = ipaddr.parseCIDR(text);
      return isDottedQuad(text) || base.kind() === "ipv6" ? { base, bits } : undefined;
    }
    const base = parseAddress(text);
    return base && { base, bits: base.kind() === "ipv4" ? 32 : 128 };
  } catch {
    return undefined;
  }
}

/** True when the address lies in one of the ranges. An IPv4-mapped IPv6 address counts as IPv4. */
export function isInRanges(address: string, ranges: readonly AddressRange[]): boolean {
  const parsed = parseAddress(address);
  if (parsed === undefined) return false;
  return ranges.some(({ base, bits }) => {
    if (base.kind() !== parsed.kind()) return false;
    return base.kind() === "ipv4"
      ? (parsed as ipaddr.IPv4).match(base as ipaddr.IPv4, bits)
      : (parsed as ipaddr.IPv6).match(base as ipaddr.IPv6, bits);
  });
}

/** True when every address of `inner` is one of `outer`. */
export function isRangeWithin(inner: AddressRange, outer: AddressRange): boolean {
  return inner.bits >= outer.bits && isInRanges(inner.base.toString(), [outer]);
}

/** Octal, hexadecimal and shortened IPv4 forms are refused: programs disagree on what they mean. */
export function parseAddress(text: string): Address | undefined {
  if (!text.includes(":") && !isDottedQuad(text)) return undefined;
  return ipaddr.isValid(text) ? ipaddr.process(text) : undefined;
}

function isDottedQuad(text: string): boolean {
  return /^(?:(?:0|[1-9]\d{0,2})\.){3}(?:0|[1-9]\d{0,2})(?:\/\d{1,2})?$/.test(text);
}
