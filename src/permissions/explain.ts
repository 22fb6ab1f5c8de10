import { notFound } from "../core/errors.ts";
import type { Database } from "../db/client.ts";
import { statusOf } from "../keys/describe-key.ts";
import type { Grant } from "../keys/live-key.ts";
import { loadGrant } from "../keys/live-key-store.ts";
import type { Explain, Explanation } from "./schemas.ts";
import { isInHats, missingSkillScope, type SkillAction } from "./skill-scopes.ts";

type ChainLink = Explanation["chain"][number];

/**
 * Says of a key and a skill whether the key may use it, and which link of key → owner → scopes → hats
 * → skill decides. It asks the same functions as the decision does. Throws 404 for a foreign key.
 */
export async function explain(
  db: Database,
  { organizationId, input, nowMs }: { organizationId: string; input: Explain; nowMs: number },
): Promise<Explanation> {
  const { key_id: keyId, skill, action = "execute" } = input;
  const grant = await loadGrant(db.lookup, { organizationId, keyId });
  if (grant === undefined) throw notFound("key");
  const chain = [
    keyLink(grant, nowMs),
    ownerLink(grant),
    scopesLink(grant, action, skill),
    hatsLink(grant),
    skillLink(grant, action, skill),
  ];
  const refusing = chain.find(({ ok }) => !ok);
  return { allowed: refusing === undefined, decided_by: refusing?.link ?? null, chain };
}

function keyLink(grant: Grant, nowMs: number): ChainLink {
  if (grant.type === "management") {
    return { link: "key", ok: false, reason: "A management key uses no skills." };
  }
  const status = statusOf(grant, nowMs);
  return { link: "key", ok: status === "active", reason: `The key is ${status}.` };
}

function ownerLink({ ownerActive }: Grant): ChainLink {
  const reason = ownerActive
    ? "Its organization, workspace and user are active."
    : "Its organization, workspace or user is not active.";
  return { link: "owner", ok: ownerActive, reason };
}

function scopesLink({ skillScopes }: Grant, action: SkillAction, skill: string): ChainLink {
  const missing = missingSkillScope(skillScopes, action, skill);
  const reason =
    missing === undefined ? `Its scopes include ${action}.` : `It lacks the scope ${missing}.`;
  return { link: "scopes", ok: missing === undefined, reason };
}

function hatsLink({ hats, userId }: Grant): ChainLink {
  const names = hats.hats.map(({ slug }) => slug).join(", ");
  if (hats.skills === null) {
    return { link: "hats", ok: true, reason: "Its workspace has no hats: it sees all skills." };
  }
  if (names === "") {
    return { link: "hats", ok: false, reason: "Its user wears no hat of the workspace." };
  }
  if (hats.worn.length > 0) return { link: "hats", ok: true, reason: `It wears ${names}.` };
  const whose = userId === null ? "its workspace's hats" : "its user's hats";
  return { link: "hats", ok: true, reason: `It wears none, so it sees by ${whose}: ${names}.` };
}

function skillLink({ hats }: Grant, action: SkillAction, skill: string): ChainLink {
  const ok = isInHats(hats.skills, action, skill);
  return {
    link: "skill",
    ok,
    reason: ok ? `${skill} is among its skills.` : `None of these hats has ${skill}.`,
  };
}
