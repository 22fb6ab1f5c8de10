import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  environments,
  generateSecret,
  isWellFormedSecret,
  keyTypes,
} from "../../src/crypto/secret-format.ts";

const secrets = fc
  .tuple(fc.constantFrom(...keyTypes), fc.constantFrom(...environments))
  .map(([type, environment]) => generateSecret(type, environment));

describe("secret format", () => {
  test("every generated secret is well formed and shows its key prefix", () => {
    fc.assert(
      fc.property(secrets, ({ secret, keyPrefix }) => {
        expect(isWellFormedSecret(secret)).toBe(true);
        expect(secret.slice(-64, -56)).toBe(keyPrefix);
        expect(secret).toMatch(/^(sk_live_|sk_test_|usk_|rtk_|mk_)[0-9a-f]{64}$/);
      }),
    );
  });

  test("changing any one character of the body makes it malformed", () => {
    fc.assert(
      fc.property(
        secrets,
        fc.nat(63),
        fc.constantFrom(..."0123456789abcdefg"),
        (made, at, other) => {
          const { secret } = made;
          const place = secret.length - 64 + at;
          fc.pre(secret[place] !== other);
          const changed = secret.slice(0, place) + other + secret.slice(place + 1);
          expect(isWellFormedSecret(changed)).toBe(false);
        },
      ),
    );
  });

  test("a truncated, lengthened, upper-cased or re-prefixed secret is malformed", () => {
    fc.assert(
      fc.property(secrets, fc.nat(71), ({ secret }, length) => {
        expect(isWellFormedSecret(secret.slice(0, Math.min(length, secret.length - 1)))).toBe(
          false,
        );
        expect(isWellFormedSecret(`${secret}0`)).toBe(false);
        expect(isWellFormedSecret(secret.toUpperCase())).toBe(false);
        expect(isWellFormedSecret(`xx_${secret.slice(-64)}`)).toBe(false);
      }),
    );
  });

  test("arbitrary text is malformed and never throws", () => {
    fc.assert(fc.property(fc.string(), (text) => !isWellFormedSecret(text)));
    for (const text of ["", "sk_live_", "sk_live_' OR 1=1 --", "sk_live_\u0000", "💥"]) {
      expect(isWellFormedSecret(text)).toBe(false);
    }
  });

  test("two secrets never share their random part", () => {
    const made = Array.from({ length: 1_000 }, () => generateSecret("workspace", "live").secret);
    expect(new Set(made).size).toBe(made.length);
  });
});
