import type { Role } from "../core/tenancy.ts";
import { type SkillScopes, skillScopesOf } from "./skill-scopes.ts";

/** Scopes that narrow a key and give it nothing by themselves. */
const narrowing = /^(integration|model|provider):/;

/**
 * What is left of the scopes of a user's key by the user's role, now. A viewer's keys may look, no
 * further than before: a user who is demoted has read-only keys from then on, and full ones again when
 * that is taken back.
 */
export function narrowToRole(
  scopes: readonly string[],
  role: Role | null,
): { scopes: readonly string[]; skillScopes: SkillScopes } {
  const skillScopes = skillScopesOf(scopes);
  if (role !== "viewer") return { scopes, skillScopes };
  const kept = scopes.filter((scope) => narrowing.test(scope));
  return {
    scopes: skillScopes.discover ? ["discover", ...kept] : kept,
    skillScopes: { ...skillScopes, execute: false },
  };
}
