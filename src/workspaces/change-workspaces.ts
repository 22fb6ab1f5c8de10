import { changesBetween } from "../audit/audit-event.ts";
import { definedFields } from "../core/defined-fields.ts";
import { DomainError, invalidField, notFound } from "../core/errors.ts";
import { describeSpend, spendLimitColumns } from "../credits/spend-limits.ts";
import { findSpends } from "../credits/spend-store.ts";
import type { Spend } from "../credits/spend-windows.ts";
import { newId } from "../crypto/ids.ts";
import type { Alongside, Database } from "../db/client.ts";
import { toTimestamp } from "../http/schema-parts.ts";
import { findKey, hasOperatorKey } from "../keys/key-store.ts";
import type { Actor } from "../organizations/actor.ts";
import type { ChangeContext } from "../organizations/change-context.ts";
import { refuseTakenSlug } from "../organizations/taken-slug.ts";
import type { ChangeWorkspace, CreateWorkspace, Workspace } from "./schemas.ts";
import {
  countLiveKeys,
  countWorkspaces,
  endWorkspace,
  findWorkspace,
  insertWorkspace,
  updateWorkspace,
  type WorkspaceRow,
  workspacesMax,
} from "./workspace-store.ts";

/** Makes a workspace. Throws 409 for a taken slug or one workspace too many. */
export function createWorkspace(
  { db, audit, clock }: ChangeContext,
  making: { input: CreateWorkspace; actor: Actor; alongside: (created: Workspace) => Alongside },
): Promise<Workspace> {
  const { input, actor, alongside } = making;
  const limit = spendLimitColumns(input);
  return audit
    .record({
      actor,
      build: async ({ organizationId }) => {
        if ((await countWorkspaces(db, organizationId)) >= workspacesMax) {
          throw new DomainError(
            "conflict",
            `An organization has ${workspacesMax} workspaces at most.`,
          );
        }
        const { slug, name } = input;
        const createdAtMs = clock.nowMs();
        const id = newId("workspace", createdAtMs);
        const row: WorkspaceRow = {
          id,
          organizationId,
          slug,
          name,
          state: "active",
          createdAtMs,
          spendLimitMicros: null,
          spendReset: "never",
          ...limit,
        };
        const workspace = describeWorkspace(row, undefined, createdAtMs);
        return {
          change: insertWorkspace(db, row),
          entry: {
            action: "workspace.created",
            targetId: id,
            organizationId,
            changes: { before: null, after: workspace },
          },
          alongside: alongside(workspace),
          result: workspace,
        };
      },
    })
    .catch(refuseTakenSlug("workspace"));
}

/** Changes a workspace; suspending it, or lifting that, holds for all its keys when this returns. */
export async function changeWorkspace(
  { db, audit, clock, invalidateOrganization }: ChangeContext,
  change: { workspaceId: string; input: ChangeWorkspace; actor: Actor },
): Promise<Workspace> {
  const { workspaceId, input, actor } = change;
  const { slug, name, state } = input;
  const changes = definedFields({ slug, name, state, ...spendLimitColumns(input) });
  const changed = await audit
    .record({
      actor,
      isUrgent: state !== undefined,
      build: async (now) => {
        const { organizationId } = now;
        const row = await requireWorkspace(db, organizationId, workspaceId);
        if (state === "suspended") await refuseOwnEnd(db, now, workspaceId);
        const spend = (await findSpends(db, [workspaceId])).get(workspaceId);
        const nowMs = clock.nowMs();
        const workspace = describeWorkspace({ ...row, ...changes }, spend, nowMs);
        return {
          change: updateWorkspace(db, workspaceId, changes),
          entry: {
            action: "workspace.changed",
            targetId: workspaceId,
            organizationId,
            changes: changesBetween(describeWorkspace(row, spend, nowMs), workspace),
          },
          result: workspace,
        };
      },
    })
    .catch(refuseTakenSlug("workspace"));
  invalidateOrganization(actor.organizationId);
  return changed;
}

/**
 * Deletes a workspace with its hats, and revokes its keys, at once and for good. Throws 404, 409 for
 * an organization's last one, 422 when `confirm` is not its slug.
 */
export async function deleteWorkspace(
  { db, audit, clock, invalidateOrganization }: ChangeContext,
  { workspaceId, confirm, actor }: { workspaceId: string; confirm: string; actor: Actor },
): Promise<void> {
  await audit.commit({
    actor,
    isUrgent: true,
    build: async (now) => {
      const { id: actorId, organizationId } = now;
      const row = await requireWorkspace(db, organizationId, workspaceId);
      if (confirm !== row.slug) throw invalidField("confirm", "Not the slug of this workspace.");
      await refuseOwnEnd(db, now, workspaceId);
      if ((await countWorkspaces(db, organizationId)) === 1) {
        throw new DomainError("conflict", "The last workspace of an organization stays with it.");
      }
      const nowMs = clock.nowMs();
      const spend = (await findSpends(db, [workspaceId])).get(workspaceId);
      return {
        change: endWorkspace(db, row, { actorId, nowMs }),
        entry: {
          action: "workspace.deleted",
          targetId: workspaceId,
          organizationId,
          changes: {
            before: {
              ...describeWorkspace(row, spend, nowMs),
              keys: await countLiveKeys(db, row),
            },
            after: null,
          },
        },
      };
    },
  });
  invalidateOrganization(actor.organizationId);
}

/** A key that ends its own workspace could not take that back, and nobody else ends the operator's. */
async function refuseOwnEnd(db: Database, actor: Actor, workspaceId: string): Promise<void> {
  const { organizationId } = actor;
  if (!actor.instanceWide && (await hasOperatorKey(db, { organizationId, workspaceId }))) {
    throw new DomainError("conflict", "A key of the operator's belongs to this workspace.");
  }
  if (actor.type !== "key") return;
  const own = await findKey(db, actor.organizationId, actor.id);
  if (own?.key.workspaceId !== workspaceId) return;
  throw new DomainError("conflict", "The key of this call belongs to this workspace.");
}

/** The workspace. Throws the same 404 for a missing and for a foreign one. */
export async function requireWorkspace(
  db: Database,
  organizationId: string,
  workspaceId: string,
): Promise<WorkspaceRow> {
  const row = await findWorkspace(db, organizationId, workspaceId);
  if (row === undefined) throw notFound("workspace");
  return row;
}

/** Workspaces with what their keys have spent. */
export async function describeWorkspaces(
  { db, clock }: Pick<ChangeContext, "db" | "clock">,
  rows: readonly WorkspaceRow[],
): Promise<(row: WorkspaceRow) => Workspace> {
  const spends = await findSpends(
    db,
    rows.map(({ id }) => id),
  );
  return (row) => describeWorkspace(row, spends.get(row.id), clock.nowMs());
}

/** The workspace as the API shows it; one that is deleted is never shown. */
function describeWorkspace(row: WorkspaceRow, spend: Spend | undefined, nowMs: number): Workspace {
  return {
    id: row.id,
    organization_id: row.organizationId,
    slug: row.slug,
    name: row.name,
    state: row.state === "active" ? "active" : "suspended",
    ...describeSpend(row, spend, nowMs),
    created_at: toTimestamp(row.createdAtMs),
  };
}
