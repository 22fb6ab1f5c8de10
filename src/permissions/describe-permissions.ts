import type { Grant } from "../keys/live-key.ts";
import type { Permissions } from "./schemas.ts";
import { integrationScopePattern, type SkillAction } from "./skill-scopes.ts";
import { SkillSet } from "./skills.ts";

/** What a key may do with skills, as the API shows it. */
export function describePermissions(grant: Grant): Permissions {
  return {
    key_id: grant.keyId,
    scopes: [...grant.scopes],
    hats: grant.hats.hats.map(({ id, slug }) => ({ id, slug })),
    discover: reachOf(grant, "discover"),
    execute: reachOf(grant, "execute"),
  };
}

function reachOf({ skillScopes, hats }: Grant, action: SkillAction) {
  const allowed = skillScopes[action];
  if (!allowed) return { allowed, skills: [] };
  const { integrations } = skillScopes;
  const open = new SkillSet(integrations?.map(integrationScopePattern) ?? ["*"]);
  const both = hats.skills === null ? open : open.intersect(hats.skills);
  return { allowed, skills: [...both.patterns] };
}
