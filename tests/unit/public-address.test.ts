import { describe, expect, test } from "bun:test";
import { parseAddressRange } from "../../src/permissions/address-range.ts";
import { isPublicAddress } from "../../src/webhooks/public-address.ts";
import { readTargetUrl } from "../../src/webhooks/target-url.ts";

const ranges = (...texts: string[]) =>
  texts.flatMap((text) => {
    const range = parseAddressRange(text);
    return range === undefined ? [] : [range];
  });

describe("isPublicAddress()", () => {
  const inside: [string, string][] = [
    ["127.0.0.1", "loopback"],
    ["127.255.255.254", "loopback"],
    ["0.0.0.0", "this host"],
    ["10.0.0.1", "private"],
    ["172.16.0.1", "private"],
    ["172.31.255.255", "private"],
    ["192.168.1.1", "private"],
    ["100.64.0.1", "shared by a carrier"],
    ["100.100.100.200", "metadata of Alibaba"],
    ["169.254.169.254", "metadata of many"],
    ["168.63.129.16", "metadata of Azure"],
    ["192.0.0.192", "metadata of Oracle"],
    ["198.18.0.1", "benchmarks"],
    ["192.0.2.1", "documentation"],
    ["203.0.113.1", "documentation"],
    ["192.88.99.1", "6to4 relay"],
    ["224.0.0.1", "multicast"],
    ["240.0.0.1", "reserved"],
    ["255.255.255.255", "broadcast"],
    ["::1", "loopback"],
    ["::", "this host"],
    ["::127.0.0.1", "IPv4 inside, the old way"],
    ["::ffff:127.0.0.1", "IPv4 inside"],
    ["::ffff:7f00:1", "the same in hexadecimal"],
    ["::ffff:10.0.0.1", "IPv4 inside"],
    ["::ffff:169.254.169.254", "IPv4 inside"],
    ["::ffff:0:127.0.0.1", "IPv4 translated"],
    ["64:ff9b::7f00:1", "NAT64 of 127.0.0.1"],
    ["64:ff9b::10.0.0.1", "NAT64 of a private address"],
    ["64:ff9b::a9fe:a9fe", "NAT64 of metadata"],
    ["64:ff9b:1::808:808", "NAT64 of a network's own"],
    ["2002:7f00:1::", "6to4 of 127.0.0.1"],
    ["2002:808:808::", "6to4 at all"],
    ["2001:0:7f00:1::", "Teredo"],
    ["fd00:ec2::254", "metadata of AWS"],
    ["fc00::1", "unique local"],
    ["fe80::1", "link local"],
    ["fec0::1", "site local"],
    ["ff02::1", "multicast"],
    ["100::1", "discard"],
    ["2001:db8::1", "documentation"],
    ["3fff::1", "documentation"],
    ["5f00::1", "segment routing"],
    ["4000::1", "given to nobody"],
    ["localhost", "no address"],
    ["127.1", "no address as we write them"],
    ["", "nothing"],
  ];
  test.each(inside)("refuses %s: %s", (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  test.each(["8.8.8.8", "93.184.215.14", "2606:4700::1111", "64:ff9b::808:808"])(
    "lets %s pass",
    (address) => {
      expect(isPublicAddress(address)).toBe(true);
    },
  );
});

describe("readTargetUrl()", () => {
  const refused = [
    "https://127.0.0.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.1/",
    "https://017700000001/",
    "https://127.1/",
    "https://①②⑦.0.0.1/",
    "https://[::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://169.254.169.254/latest/meta-data/",
    "https://user@example.com/",
    "https://user:password@example.com/",
    "https://example.com/#fragment",
    "http://example.com/",
    "http://8.8.8.8/",
    "ftp://example.com/",
    "file:///etc/passwd",
    "https://",
    "example.com",
  ];
  test.each(refused)("refuses %s", (url) => {
    expect(() => readTargetUrl(url, [])).toThrow();
  });

  test("takes names and public addresses at any port, written as they will be called", () => {
    const cases: [string, string][] = [
      ["https://Hooks.Example.com", "https://hooks.example.com/"],
      ["https://example.com:8443/a?b=c", "https://example.com:8443/a?b=c"],
      ["https://0x08080808/", "https://8.8.8.8/"],
      ["https://[2606:4700::1111]/", "https://[2606:4700::1111]/"],
    ];
    for (const [given, called] of cases) expect(readTargetUrl(given, [])).toBe(called);
  });

  test("takes http and private addresses in networks that the operator allows, and no others", () => {
    const allowed = ranges("10.0.0.0/8");
    expect(readTargetUrl("http://10.1.2.3/x", allowed)).toBe("http://10.1.2.3/x");
    expect(readTargetUrl("http://billing.internal/", allowed)).toBe("http://billing.internal/");
    expect(() => readTargetUrl("http://192.168.0.1/", allowed)).toThrow("not public");
    expect(() => readTargetUrl("http://8.8.8.8/", allowed)).toThrow("https");
  });
});
