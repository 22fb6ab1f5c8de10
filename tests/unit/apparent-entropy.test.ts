import { describe, expect, test } from "bun:test";
import { randomBytes, randomInt } from "node:crypto";
import { apparentBits, withoutPrefix } from "../../src/crypto/apparent-entropy.ts";
import { dialects } from "../../src/dialects/index.ts";

const draw = (alphabet: string, length: number) =>
  Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join("");
const lower = "abcdefghijklmnopqrstuvwxyz";
const base62 = `0123456789${lower}${lower.toUpperCase()}`;
const tries = 2_000;

describe("apparentBits()", () => {
  test("lets nearly every secret pass that was drawn with 128 bits or more", () => {
    const forms: Record<string, () => string> = {
      hex: () => `sk-${randomBytes(16).toString("hex")}`,
      upperHex: () => randomBytes(16).toString("hex").toUpperCase(),
      base62: () => `unkey_${draw(base62, 22)}`,
      base64url: () => `sk-${randomBytes(18).toString("base64url")}`,
      base64: () => randomBytes(24).toString("base64"),
      base32: () => draw("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 28),
      base36: () => draw(`0123456789${lower}`, 26),
      oneApi: () => `sk-${draw(base62, 48)}`,
      anthropic: () => `sk-ant-api03-${randomBytes(48).toString("base64url")}`,
    };
    for (const [name, make] of Object.entries(forms)) {
      const refused = Array.from({ length: tries }, make).filter(
        (text) => apparentBits(text) < 128,
      );
      expect([name, refused.length <= tries / 100]).toEqual([name, true]);
    }
  });

  test("counts what is after the prefix alone", () => {
    const hex = "3f9c2a7d5b1e8064c7a2f9d3e6b0815c";
    for (const prefix of ["", "sk-", "sk_live_", "sk-proj-", "unkey_", "WSK_", "sk-ant-api03-"]) {
      expect([prefix, withoutPrefix(prefix + hex), apparentBits(prefix + hex)]).toEqual([
        prefix,
        hex,
        128,
      ]);
    }
    expect(apparentBits(`sk-${hex.slice(1)}`)).toBe(124);
  });

  test("counts nothing of the prefixes of any dialect, nor of words before them", () => {
    const random = "3f9c2a7d5b1e8064c7a2f9d3e6b0815c";
    const prefixes = Object.values(dialects).flatMap((dialect) =>
      Object.values(dialect.prefixes).flatMap((table) => Object.values(table)),
    );
    for (const prefix of [...prefixes, "sk-acme-", "acme_widgets_", "sk-sr-acme-"]) {
      const short = prefix + random.slice(0, 19);
      expect([prefix, withoutPrefix(short), apparentBits(short)]).toEqual([
        prefix,
        random.slice(0, 19),
        76,
      ]);
      expect([prefix, apparentBits(prefix + random)]).toEqual([prefix, 128]);
    }
  });

  test("no separator makes an alphabet larger, or is a random character of a small one", () => {
    const groups = (size: number) =>
      "3f9c2a7d5b1e8064c7a2f9d3e6b0815c".replace(new RegExp(`.{${size}}(?=.)`, "g"), "$&-");
    for (const size of [1, 4, 8]) {
      expect([size, apparentBits(groups(size))]).toEqual([size, 128]);
      expect([size, apparentBits(groups(size).replaceAll("-", "."))]).toEqual([size, 128]);
    }
  });

  test("sees through repetitions, sequences, words and small alphabets", () => {
    for (const text of [
      "",
      "sk-",
      "a".repeat(64),
      "password".repeat(20),
      "sk-passwordpasswordpasswordpassword",
      "0123456789abcdef".repeat(4),
      "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
      "correcthorsebatterystaplecorrecthorsebatterystaple",
      "01".repeat(60),
      "changeme-changeme-changeme-changeme",
      `${"x7Kq9mPz".repeat(8)}`,
    ]) {
      expect([text, apparentBits(text) < 128]).toEqual([text, true]);
    }
  });

  test("knows how many bits of a UUID and of a ULID are random", () => {
    expect(apparentBits("550e8400-e29b-41d4-a716-446655440000")).toBe(122);
    expect(apparentBits(`sk-${crypto.randomUUID()}`)).toBe(122);
    expect(apparentBits(crypto.randomUUID().toUpperCase())).toBe(122);
    expect(apparentBits(Bun.randomUUIDv7())).toBe(74);
    expect(apparentBits("01ARZ3NDEKTSV4RRFFQ69G5FAV")).toBe(80);
  });
});
