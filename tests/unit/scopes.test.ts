import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  covers,
  familyAllows,
  holdsScope,
  isValidScope,
  matchesGlob,
  missingScope,
} from "../../src/permissions/scopes.ts";

const segment = fc.string({
  unit: fc.constantFrom(..."abcXYZ019_-"),
  minLength: 1,
  maxLength: 8,
});
const plain = fc
  .tuple(segment, fc.array(fc.tuple(fc.constantFrom(":", "/", "."), segment), { maxLength: 4 }))
  .map(([first, rest]) => first + rest.map((part) => part.join("")).join(""));

describe("scopes", () => {
  test("* covers everything and everything covers itself", () => {
    fc.assert(fc.property(plain, (scope) => covers("*", scope) && covers(scope, scope)));
  });

  test("a wildcard covers what lies below it and not what lies beside it", () => {
    fc.assert(
      fc.property(plain, plain, fc.constantFrom(":", "/", "."), (stem, rest, cut) => {
        expect(covers(`${stem}${cut}*`, stem + cut + rest)).toBe(true);
        expect(covers(`${stem}${cut}*`, stem)).toBe(false);
        expect(covers(`${stem}${cut}*`, `${stem}x${cut}${rest}`)).toBe(false);
      }),
    );
  });

  test("without a wildcard only the same scope is covered", () => {
    fc.assert(fc.property(plain, plain, (a, b) => covers(a, b) === (a === b)));
  });

  test("covering is transitive over wildcards", () => {
    fc.assert(
      fc.property(plain, plain, plain, (a, b, c) => {
        expect(covers(`${a}:*`, `${a}:${b}:*`)).toBe(true);
        expect(covers(`${a}:${b}:*`, `${a}:${b}:${c}`)).toBe(true);
        expect(covers(`${a}:*`, `${a}:${b}:${c}`)).toBe(true);
      }),
    );
  });

  test("the missing scope is the first that is not held", () => {
    expect(missingScope(["a", "b:*"], ["a", "b:c", "d"])).toBe("d");
    expect(missingScope(["a", "b:*"], ["a", "b:c"])).toBeUndefined();
    expect(holdsScope([], "a")).toBe(false);
  });

  test("a * may stand alone, as the last segment, or anywhere in a model or provider glob", () => {
    for (const scope of ["*", "documents:*", "github/*", "a.b.*", "model:gpt-*", "provider:*ai"]) {
      expect(isValidScope(scope)).toBe(true);
    }
    for (const scope of ["", "a*", "*:read", "a:*:b", "a b", "ü", "x".repeat(129)]) {
      expect(isValidScope(scope)).toBe(false);
    }
  });

  test("a family narrows only the keys that hold some of it", () => {
    expect(familyAllows(["execute"], "model:", "gpt-5")).toBe(true);
    expect(familyAllows(["execute", "model:gpt-*"], "model:", "gpt-5")).toBe(true);
    expect(familyAllows(["execute", "model:gpt-*"], "model:", "claude-4")).toBe(false);
    expect(familyAllows(["*", "model:gpt-*"], "model:", "claude-4")).toBe(true);
  });

  test("globs agree with the same pattern as a regular expression", () => {
    const text = fc.string({ unit: fc.constantFrom(..."ab-"), maxLength: 10 });
    const glob = fc.string({ unit: fc.constantFrom(..."ab-*"), maxLength: 8 });
    fc.assert(
      fc.property(glob, text, (pattern, name) => {
        const expression = new RegExp(`^${pattern.replaceAll("*", ".*")}$`);
        expect(matchesGlob(pattern, name)).toBe(expression.test(name));
      }),
      { numRuns: 2_000 },
    );
  });

  test("a hostile glob takes no more than linear time", () => {
    const glob = "*a".repeat(60);
    expect(matchesGlob(glob, `${"a".repeat(10_000)}b`)).toBe(false);
  });
});
