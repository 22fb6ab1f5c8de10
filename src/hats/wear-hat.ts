import type { AuditAction } from "../audit/audit-event.ts";
import { DomainError, notFound } from "../core/errors.ts";
import { findKey } from "../keys/key-store.ts";
import { hatsOfKeyMax } from "../keys/schema-fields.ts";
import type { Actor } from "../organizations/actor.ts";
import type { ChangeContext } from "../organizations/change-context.ts";
import { findMember } from "../organizations/member-store.ts";
import { findTeam } from "../teams/team-store.ts";
import { requireHat } from "./change-hats.ts";
import { deleteWearer, insertWearer, isWorn } from "./hat-store.ts";

interface Wearing {
  hatId: string;
  wearerId: string;
  actor: Actor;
}

/** Puts a hat on a key, a user or a team of the organization; twice is once. Throws 404. */
export async function putOnHat(context: ChangeContext, wearing: Wearing): Promise<void> {
  await changeWearer(context, wearing, "hat.put_on");
}

/** Takes a hat off; one that is not on is off. Throws 404. */
export async function takeOffHat(context: ChangeContext, wearing: Wearing): Promise<void> {
  await changeWearer(context, wearing, "hat.taken_off");
}

async function changeWearer(
  { db, audit, invalidateOrganization }: ChangeContext,
  { hatId, wearerId, actor }: Wearing,
  action: AuditAction & ("hat.put_on" | "hat.taken_off"),
): Promise<void> {
  await audit.commit({
    actor,
    build: async ({ organizationId }) => {
      const { workspaceId } = await requireHat(db, organizationId, hatId);
      const hatsWorn = await requireWearer(db, { organizationId, workspaceId, wearerId });
      const isOn = await isWorn(db, hatId, wearerId);
      const wearer = { wearer_id: wearerId };
      const entry = { action, targetId: hatId, organizationId };
      if (action === "hat.put_on") {
        if (!isOn && hatsWorn >= hatsOfKeyMax) {
          throw new DomainError("conflict", `A key wears ${hatsOfKeyMax} hats at most.`);
        }
        const change = isOn ? [] : insertWearer(db, hatId, wearerId);
        return { change, entry: { ...entry, changes: { before: null, after: wearer } } };
      }
      const change = isOn ? deleteWearer(db, hatId, wearerId) : [];
      return { change, entry: { ...entry, changes: { before: wearer, after: null } } };
    },
  });
  invalidateOrganization(actor.organizationId);
}

/**
 * A key that sees skills is of the hat's workspace, users and teams are of the organization. Returns how
 * many hats a key wears. Throws 404.
 */
async function requireWearer(
  db: ChangeContext["db"],
  of: { organizationId: string; workspaceId: string; wearerId: string },
): Promise<number> {
  const { organizationId, workspaceId, wearerId } = of;
  const kind = wearerId.slice(0, wearerId.indexOf("_"));
  if (kind === "key") {
    const stored = await findKey(db, organizationId, wearerId);
    const isFit = stored?.key.workspaceId === workspaceId && stored.key.type !== "management";
    if (isFit) return stored.hats.length;
  }
  if (kind === "usr" && (await findMember(db, organizationId, wearerId)) !== undefined) return 0;
  if (kind === "team" && (await findTeam(db, organizationId, wearerId)) !== undefined) return 0;
  throw notFound("key, user or team");
}
