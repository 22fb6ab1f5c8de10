import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { redactAfter, redactSecrets } from "../../src/core/log.ts";
import {
  environments,
  generateSecret,
  isWellFormedSecret,
  keyTypes,
} from "../../src/crypto/secret-format.ts";
import { dialects, knownPrefixes } from "../../src/dialects/index.ts";

const secrets = fc
  .tuple(fc.constantFrom(...keyTypes), fc.constantFrom(...environments))
  .map(([type, environment]) => generateSecret(type, environment));

const secretsOfAll = fc
  .tuple(
    fc.constantFrom(...Object.values(dialects)),
    fc.constantFrom(...keyTypes),
    fc.constantFrom(...environments),
  )
  .map(([{ prefixes }, type, environment]) => {
    const { secret, keyPrefix } = generateSecret(type, environment, prefixes);
    return { secret, keyPrefix, prefix: prefixes[type][environment] };
  });

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

  test("a secret of any dialect is well formed, and none that is cut, longer or mistyped", () => {
    fc.assert(
      fc.property(secretsOfAll, fc.nat(63), ({ secret, keyPrefix, prefix }, at) => {
        expect(isWellFormedSecret(secret)).toBe(true);
        expect(secret.slice(prefix.length, prefix.length + 8)).toBe(keyPrefix);
        expect(isWellFormedSecret(secret.slice(0, -1))).toBe(false);
        expect(isWellFormedSecret(`${secret}0`)).toBe(false);
        const place = prefix.length + at;
        const other = secret[place] === "0" ? "1" : "0";
        const mistyped = secret.slice(0, place) + other + secret.slice(place + 1);
        expect(isWellFormedSecret(mistyped)).toBe(false);
      }),
    );
  });

  test("the body under another prefix is another secret, and malformed", () => {
    for (const { prefixes } of Object.values(dialects)) {
      const prefix = prefixes.workspace.live;
      const { secret } = generateSecret("workspace", "live", prefixes);
      const body = secret.slice(prefix.length);
      for (const other of ["sk_", "sk_live_", "sk-", "sk-sr-", "WSK_"]) {
        if (other !== prefix) expect(isWellFormedSecret(other + body)).toBe(false);
      }
    }
  });

  test("log lines blot secrets of every dialect out", () => {
    fc.assert(
      fc.property(secretsOfAll, ({ secret }) => {
        for (const text of [secret, secret.slice(0, 40)]) {
          expect(redactSecrets(`path /${text} seen`)).not.toMatch(/[0-9a-f]{16,}/);
        }
      }),
    );
  });

  test("log lines blot out parts of secrets with prefixes of any form, once they are told of them", () => {
    const text = `path /acme-${"0123456789abcdef".repeat(2)} seen`;
    redactAfter([...knownPrefixes, "acme-"]);
    expect(redactSecrets(text)).toBe("path /acme-[redacted] seen");
    redactAfter(knownPrefixes);
    expect(redactSecrets(text)).toBe(text);
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
