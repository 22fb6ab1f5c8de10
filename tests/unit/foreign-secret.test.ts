import { describe, expect, test } from "bun:test";
import { createHash, randomBytes } from "node:crypto";
import { isForeignSecret, readDigest, sha256Hex } from "../../src/crypto/foreign-secret.ts";

describe("readDigest()", () => {
  test("reads hex in any case, base64 and base64url, with padding and without", () => {
    for (let round = 0; round < 200; round++) {
      const secret = randomBytes(20).toString("hex");
      const digest = createHash("sha256").update(secret).digest();
      const hex = digest.toString("hex");
      expect(sha256Hex(secret)).toBe(hex);
      for (const text of [
        hex,
        hex.toUpperCase(),
        digest.toString("base64"),
        digest.toString("base64").slice(0, -1),
        digest.toString("base64url"),
        `${digest.toString("base64url")}=`,
      ]) {
        expect(readDigest(text)).toBe(hex);
      }
    }
  });

  test("refuses what is no digest", () => {
    const hex = "0".repeat(64);
    const notDigests = [
      "",
      hex.slice(1),
      `${hex}0`,
      `sha256:${hex}`,
      "g".repeat(64),
      "A".repeat(42),
      "A".repeat(44),
      `${"A".repeat(42)}B`,
    ];
    for (const text of notDigests) {
      expect([text, readDigest(text)]).toEqual([text, undefined]);
    }
  });
});

describe("isForeignSecret()", () => {
  test("takes 16 to 512 visible characters of ASCII but the comma", () => {
    for (const text of [
      "x".repeat(16),
      "x".repeat(512),
      "sk-abc_DEF.123~456+/==",
      "id:secret|$!secret",
    ]) {
      expect([text, isForeignSecret(text)]).toEqual([text, true]);
    }
    const others = [
      "",
      "-",
      "x".repeat(15),
      "x".repeat(513),
      `${"x".repeat(20)} `,
      `a,${"x".repeat(20)}`,
      `${"x".repeat(20)}ü`,
      `${"x".repeat(20)}\n`,
      `${"x".repeat(20)}\0`,
    ];
    for (const text of others) expect([text, isForeignSecret(text)]).toEqual([text, false]);
  });
});
