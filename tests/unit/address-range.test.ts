import { describe, expect, test } from "bun:test";
import {
  type AddressRange,
  isInRanges,
  parseAddressRange,
} from "../../src/permissions/address-range.ts";

const ranges = (...texts: string[]) =>
  texts.map((text) => parseAddressRange(text)).filter((range): range is AddressRange => !!range);

describe("address ranges", () => {
  test("an address is in its network and in no other", () => {
    expect(isInRanges("10.1.2.3", ranges("10.0.0.0/8"))).toBe(true);
    expect(isInRanges("11.1.2.3", ranges("10.0.0.0/8"))).toBe(false);
    expect(isInRanges("2001:db8::7", ranges("2001:db8::/32"))).toBe(true);
    expect(isInRanges("2001:db9::7", ranges("2001:db8::/32"))).toBe(false);
    expect(isInRanges("192.0.2.7", ranges("192.0.2.7"))).toBe(true);
    expect(isInRanges("192.0.2.8", ranges("192.0.2.7"))).toBe(false);
  });

  test("an IPv4-mapped address counts as the IPv4 address in it", () => {
    expect(isInRanges("::ffff:10.1.2.3", ranges("10.0.0.0/8"))).toBe(true);
    expect(isInRanges("::ffff:a01:203", ranges("10.0.0.0/8"))).toBe(true);
  });

  test("octal, hexadecimal, short and decimal forms are refused everywhere", () => {
    for (const text of [
      "010.0.0.1",
      "0x0a.0.0.1",
      "10.1",
      "167772161",
      "10.0.0.1/33",
      "x",
      "",
      "10.0.0.0/",
    ]) {
      expect(parseAddressRange(text)).toBeUndefined();
      expect(isInRanges(text, ranges("0.0.0.0/0", "::/0"))).toBe(false);
    }
  });

  test("no ranges allow nobody", () => {
    expect(isInRanges("10.0.0.1", [])).toBe(false);
  });
});
