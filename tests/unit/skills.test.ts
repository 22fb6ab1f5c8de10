import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Role } from "../../src/core/tenancy.ts";
import { viewThroughHats, type WornHat } from "../../src/permissions/hat-view.ts";
import { narrowToRole } from "../../src/permissions/role-scopes.ts";
import { covers, familyAllows } from "../../src/permissions/scopes.ts";
import { missingSkillScope, skillScopesOf } from "../../src/permissions/skill-scopes.ts";
import { SkillSet, skillPatternSyntax, skillSyntax } from "../../src/permissions/skills.ts";

const name = fc.constantFrom("a", "b", "c");
const skill = fc.tuple(name, name).map(([integration, end]) => `${integration}/${end}`);
const tool = fc.tuple(skill, name).map(([of, end]) => `${of}#${end}`);
const concrete = fc.oneof(skill, tool);
const pattern = fc.oneof(
  fc.constant("*"),
  name.map((integration) => `${integration}/*`),
  concrete,
);
const patterns = fc.array(pattern, { maxLength: 6 });

/** The rule, said plainly: each pattern is all below it. */
function isBelow(wanted: string, held: string): boolean {
  if (held === "*" || held === wanted) return true;
  if (held.endsWith("/*")) return wanted.startsWith(held.slice(0, -1));
  return wanted.startsWith(`${held}#`);
}

describe("SkillSet", () => {
  test("covers what lies below one of its patterns, and nothing else", () => {
    fc.assert(
      fc.property(patterns, fc.oneof(concrete, pattern), (held, wanted) => {
        const expected = held.some((one) => isBelow(wanted, one));
        expect(new SkillSet(held).covers(wanted)).toBe(expected);
      }),
    );
  });

  test("keeps no pattern that another one covers, and covers the same without them", () => {
    fc.assert(
      fc.property(patterns, concrete, (held, wanted) => {
        const set = new SkillSet(held);
        const { patterns: kept } = set;
        for (const one of kept) {
          expect(kept.filter((other) => other !== one && isBelow(one, other))).toEqual([]);
        }
        expect(new SkillSet(kept).covers(wanted)).toBe(set.covers(wanted));
      }),
    );
  });

  test("intersects to what both cover", () => {
    fc.assert(
      fc.property(patterns, patterns, concrete, (a, b, wanted) => {
        const [one, two] = [new SkillSet(a), new SkillSet(b)];
        const both = one.intersect(two);
        expect(both.covers(wanted)).toBe(one.covers(wanted) && two.covers(wanted));
        expect(two.intersect(one).patterns).toEqual(both.patterns);
      }),
    );
  });

  test("shows a skill when it, or a tool of it, is held", () => {
    fc.assert(
      fc.property(patterns, skill, (held, wanted) => {
        const expected = held.some((one) => isBelow(wanted, one) || one.startsWith(`${wanted}#`));
        expect(new SkillSet(held).shows(wanted)).toBe(expected);
      }),
    );
  });

  test("takes patterns and skills of its grammar alone", () => {
    const isPattern = new RegExp(skillPatternSyntax);
    const isSkill = new RegExp(skillSyntax);
    for (const good of ["*", "github/*", "github/create-issue", "gmail/send-message#attach"]) {
      expect([good, isPattern.test(good)]).toEqual([good, true]);
      expect([good, isSkill.test(good)]).toEqual([good, !good.includes("*")]);
    }
    for (const bad of [
      "",
      "github",
      "*/x",
      "a/b*",
      "a/b#*",
      "a//b",
      "a/b/c",
      "a/b\n",
      "/b",
      "a/",
    ]) {
      expect([bad, isPattern.test(bad)]).toEqual([bad, false]);
    }
  });
});

describe("hats", () => {
  const hat = fc
    .record({ skills: patterns, byKey: fc.constantFrom(0, 1), byUser: fc.constantFrom(0, 1) })
    .map((fields, ...rest) => ({ ...fields, id: `hat_${rest.length}`, slug: "x" }) as WornHat);
  const hats = fc.array(hat, { minLength: 1, maxLength: 4 });

  test("a key sees what its hats and those of its user or workspace both show", () => {
    fc.assert(
      fc.property(hats, fc.boolean(), concrete, (worn, isUserKey, wanted) => {
        const view = viewThroughHats(worn, isUserKey ? "usr_1" : null);
        const shows = (some: WornHat[]) =>
          some.some(({ skills }) => skills.some((one) => isBelow(wanted, one)));
        const open = isUserKey ? worn.filter(({ byUser }) => byUser === 1) : worn;
        const own = worn.filter(({ byKey }) => byKey === 1);
        const expected = shows(open) && (own.length === 0 || shows(own));
        expect(view.skills?.covers(wanted)).toBe(expected);
      }),
    );
  });

  test("putting another hat on a user never takes a skill away from the user's keys", () => {
    fc.assert(
      fc.property(hats, concrete, (worn, wanted) => {
        const before = viewThroughHats(worn, "usr_1").skills;
        const more = worn.map((one) => ({ ...one, byUser: 1 as const }));
        const after = viewThroughHats(more, "usr_1").skills;
        if (before?.covers(wanted)) expect(after?.covers(wanted)).toBe(true);
      }),
    );
  });
});

describe("scopes for skills", () => {
  const scope = fc.constantFrom(
    "discover",
    "execute",
    "integration:a",
    "integration:*",
    "b",
    "documents:read",
    "model:gpt-*",
  );
  const scopes = fc.array(scope, { maxLength: 5 });

  test("an integration among them narrows, and never adds to what the verbs give", () => {
    fc.assert(
      fc.property(scopes, skill, (held, wanted) => {
        const verbs = held.filter((one) => one === "discover" || one === "execute");
        if (verbs.length === 0) return;
        for (const action of ["discover", "execute"] as const) {
          const isAllowed = missingSkillScope(skillScopesOf(held), action, wanted) === undefined;
          if (isAllowed) expect(verbs).toContain(action);
        }
      }),
    );
  });

  test("a bare name and the integration's scope are one, in both directions", () => {
    for (const [a, b] of [
      ["github", "integration:github"],
      ["integration:github", "github"],
    ] as const) {
      expect(covers(a, b)).toBe(true);
    }
    for (const [a, b] of [
      ["execute", "integration:execute"],
      ["integration:execute", "execute"],
      ["github", "integration:gitlab"],
      ["hub", "integration:github"],
      ["a:b", "integration:a:b"],
    ] as const) {
      expect([a, b, covers(a, b)]).toEqual([a, b, false]);
    }
  });

  test("a viewer's are at most discover, whatever was given", () => {
    const scopesOf = (held: string[], role: Role | null) => narrowToRole(held, role).scopes;
    expect(scopesOf(["*"], "viewer")).toEqual(["discover"]);
    expect(scopesOf(["execute", "documents:*"], "viewer")).toEqual([]);
    expect(scopesOf(["discover", "model:gpt-*"], "viewer")).toEqual(["discover", "model:gpt-*"]);
    expect(scopesOf(["execute"], "member")).toEqual(["execute"]);
    expect(scopesOf(["execute"], null)).toEqual(["execute"]);
  });

  test("a viewer's key may do nothing that it might not do before", () => {
    fc.assert(
      fc.property(scopes, skill, fc.constantFrom("gpt-4", "claude"), (held, wanted, model) => {
        const before = narrowToRole(held, "member");
        const after = narrowToRole(held, "viewer");
        for (const action of ["discover", "execute"] as const) {
          if (missingSkillScope(after.skillScopes, action, wanted) !== undefined) continue;
          expect(action).toBe("discover");
          expect(missingSkillScope(before.skillScopes, action, wanted)).toBeUndefined();
        }
        if (familyAllows(after.scopes, "model:", model)) {
          expect(familyAllows(before.scopes, "model:", model)).toBe(true);
        }
      }),
    );
  });
});
