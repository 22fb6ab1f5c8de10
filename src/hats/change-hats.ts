import { changesBetween } from "../audit/audit-event.ts";
import { definedFields } from "../core/defined-fields.ts";
import { DomainError, invalidField, notFound } from "../core/errors.ts";
import { newId } from "../crypto/ids.ts";
import type { Alongside, Database } from "../db/client.ts";
import { toTimestamp } from "../http/schema-parts.ts";
import type { Actor } from "../organizations/actor.ts";
import type { ChangeContext } from "../organizations/change-context.ts";
import { refuseTakenSlug } from "../organizations/taken-slug.ts";
import { findWorkspace } from "../workspaces/workspace-store.ts";
import {
  countHats,
  deleteHatRow,
  findHat,
  findWearingKey,
  type HatRow,
  hatsMax,
  insertHat,
  skillsOfWorkspaceMax,
  updateHat,
} from "./hat-store.ts";
import type { ChangeHat, CreateHat, Hat } from "./schemas.ts";

/** Makes a hat. Throws 409 for a taken slug or one hat too many, 422 for a foreign workspace. */
export async function createHat(
  { db, audit, clock, invalidateOrganization }: ChangeContext,
  making: { input: CreateHat; actor: Actor; alongside: (created: Hat) => Alongside },
): Promise<Hat> {
  const { input, actor, alongside } = making;
  const workspaceId = input.workspace_id ?? actor.workspaceId;
  const created = await audit
    .record({
      actor,
      build: async ({ organizationId }) => {
        const workspace = await findWorkspace(db, organizationId, workspaceId);
        if (workspace === undefined) throw invalidField("workspace_id", "No such workspace.");
        await requireRoom(db, { workspaceId, skills: input.skills });
        const { slug, name, skills } = input;
        const createdAtMs = clock.nowMs();
        const id = newId("hat", createdAtMs);
        const row = { id, organizationId, workspaceId, slug, name, skills, createdAtMs };
        const hat = describeHat(row);
        return {
          change: insertHat(db, row),
          entry: {
            action: "hat.created",
            targetId: id,
            organizationId,
            changes: { before: null, after: hat },
          },
          alongside: alongside(hat),
          result: hat,
        };
      },
    })
    .catch(refuseTakenSlug("hat"));
  invalidateOrganization(actor.organizationId);
  return created;
}

/** Changes a hat, for everybody who wears it when this returns. Throws 404, 409 for a taken slug. */
export async function changeHat(
  { db, audit, invalidateOrganization }: ChangeContext,
  { hatId, input, actor }: { hatId: string; input: ChangeHat; actor: Actor },
): Promise<Hat> {
  const changed = await audit
    .record({
      actor,
      build: async ({ organizationId }) => {
        const row = await requireHat(db, organizationId, hatId);
        const { id: exceptId, workspaceId } = row;
        const skills = input.skills ?? row.skills;
        await requireRoom(db, { workspaceId, skills, exceptId });
        const changes = definedFields(input);
        const hat = describeHat({ ...row, ...changes });
        return {
          change: updateHat(db, hatId, changes),
          entry: {
            action: "hat.changed",
            targetId: hatId,
            organizationId,
            changes: changesBetween(describeHat(row), hat),
          },
          result: hat,
        };
      },
    })
    .catch(refuseTakenSlug("hat"));
  invalidateOrganization(actor.organizationId);
  return changed;
}

/**
 * Deletes a hat. Throws 404, and 409 while a key wears it: a key that loses its only hat would see
 * more than before.
 */
export async function deleteHat(
  { db, audit, invalidateOrganization }: ChangeContext,
  { hatId, actor }: { hatId: string; actor: Actor },
): Promise<void> {
  await audit.commit({
    actor,
    build: async ({ organizationId }) => {
      const row = await requireHat(db, organizationId, hatId);
      const keyId = await findWearingKey(db, hatId);
      if (keyId !== undefined) {
        throw new DomainError("conflict", `The key ${keyId} wears this hat: take it off first.`);
      }
      return {
        change: deleteHatRow(db, hatId),
        entry: {
          action: "hat.deleted",
          targetId: hatId,
          organizationId,
          changes: { before: describeHat(row), after: null },
        },
      };
    },
  });
  invalidateOrganization(actor.organizationId);
}

async function requireRoom(
  db: Database,
  wanted: { workspaceId: string; skills: readonly string[]; exceptId?: string },
): Promise<void> {
  const others = await countHats(db, wanted.workspaceId, wanted.exceptId);
  if (others.hats >= hatsMax) {
    throw new DomainError("conflict", `A workspace has ${hatsMax} hats at most.`);
  }
  if (others.skills + wanted.skills.length > skillsOfWorkspaceMax) {
    const message = `The hats of a workspace have ${skillsOfWorkspaceMax} patterns at most.`;
    throw new DomainError("conflict", message, { param: "skills" });
  }
}

/** The hat. Throws the same 404 for a missing and for a foreign one. */
export async function requireHat(
  db: ChangeContext["db"],
  organizationId: string,
  hatId: string,
): Promise<HatRow> {
  const row = await findHat(db, organizationId, hatId);
  if (row === undefined) throw notFound("hat");
  return row;
}

/** The hat as the API shows it. */
export function describeHat(row: HatRow): Hat {
  return {
    id: row.id,
    workspace_id: row.workspaceId,
    slug: row.slug,
    name: row.name,
    skills: row.skills,
    created_at: toTimestamp(row.createdAtMs),
  };
}
