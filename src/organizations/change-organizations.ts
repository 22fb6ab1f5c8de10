import { changesBetween } from "../audit/audit-event.ts";
import { definedFields } from "../core/defined-fields.ts";
import { DomainError, invalidField, notFound } from "../core/errors.ts";
import { newId } from "../crypto/ids.ts";
import type { Alongside, Database } from "../db/client.ts";
import { toTimestamp } from "../http/schema-parts.ts";
import { findKey, hasOperatorKey } from "../keys/key-store.ts";
import { findPlan } from "../plans/plan-store.ts";
import type { Actor } from "./actor.ts";
import type { ChangeContext } from "./change-context.ts";
import {
  countOrganizations,
  endOrganization,
  insertOrganization,
  type OrganizationRow,
  updateOrganization,
} from "./organization-store.ts";
import type { ChangeOrganization, CreateOrganization, Organization } from "./schemas.ts";
import { refuseTakenSlug } from "./taken-slug.ts";
import { findOrganization } from "./tenant-store.ts";

/** The plan of an organization for which none is named. */
const planDefault = "free";

/** Makes an organization with a workspace `default`. Throws 409 for a taken slug, 422 for no such plan. */
export function createOrganization(
  { db, audit, clock }: ChangeContext,
  making: {
    input: CreateOrganization;
    actor: Actor;
    alongside: (created: Organization) => Alongside;
  },
): Promise<Organization> {
  const { input, actor, alongside } = making;
  return audit
    .record({
      actor,
      build: async () => {
        const { slug, name, plan: planSlug = planDefault } = input;
        await requirePlan(db, planSlug);
        const createdAtMs = clock.nowMs();
        const id = newId("organization", createdAtMs);
        const row = { id, slug, name, planSlug, state: "active" as const, createdAtMs };
        const organization = describeOrganization(row);
        return {
          change: insertOrganization(db, row, newId("workspace", createdAtMs)),
          entry: {
            action: "organization.created",
            targetId: id,
            organizationId: id,
            changes: { before: null, after: organization },
          },
          alongside: alongside(organization),
          result: organization,
        };
      },
    })
    .catch(refuseTakenSlug("organization"));
}

/**
 * Changes the organization that the actor is about. Name and slug are its admins' affair, plan and
 * state the operator's. Suspending it, or lifting that, holds for all its keys when this returns.
 */
export async function changeOrganization(
  { db, audit, invalidateOrganization }: ChangeContext,
  { input, actor }: { input: ChangeOrganization; actor: Actor },
): Promise<Organization> {
  const changed = await audit
    .record({
      actor,
      isUrgent: input.state !== undefined,
      build: async (now) => {
        const { organizationId } = now;
        const row = await requireOrganization(db, organizationId);
        const { plan: planSlug, ...fields } = input;
        if ((planSlug !== undefined || input.state !== undefined) && !now.instanceWide) {
          throw new DomainError("insufficient_role", "Only an operator changes plan and state.");
        }
        if (planSlug !== undefined) await requirePlan(db, planSlug);
        if (input.state === "suspended") await refuseOwnEnd(db, now);
        const changes = definedFields({ ...fields, planSlug });
        const organization = describeOrganization({ ...row, ...changes });
        return {
          change: updateOrganization(db, organizationId, changes),
          entry: {
            action: "organization.changed",
            targetId: organizationId,
            organizationId,
            changes: changesBetween(describeOrganization(row), organization),
          },
          result: organization,
        };
      },
    })
    .catch(refuseTakenSlug("organization"));
  invalidateOrganization(actor.organizationId);
  return changed;
}

/**
 * Deletes the organization that the actor is about: its keys are revoked, at once and for good, and
 * its members leave. Throws 409 for the last one, 422 when `confirm` is not its slug.
 */
export async function deleteOrganization(
  { db, audit, clock, invalidateOrganization }: ChangeContext,
  { confirm, actor }: { confirm: string; actor: Actor },
): Promise<void> {
  await audit.commit({
    actor,
    isUrgent: true,
    build: async (now) => {
      const { id: actorId, organizationId } = now;
      const row = await requireOrganization(db, organizationId);
      if (confirm !== row.slug) throw invalidField("confirm", "Not the slug of this organization.");
      await refuseOwnEnd(db, now);
      if ((await countOrganizations(db)) === 1) {
        throw new DomainError("conflict", "The last organization of an instance stays with it.");
      }
      return {
        change: endOrganization(db, organizationId, { actorId, nowMs: clock.nowMs() }),
        entry: {
          action: "organization.deleted",
          targetId: organizationId,
          organizationId,
          changes: { before: describeOrganization(row), after: null },
        },
      };
    },
  });
  invalidateOrganization(actor.organizationId);
}

/** A key that ends its own organization could not take that back, and nobody else ends the operator's. */
async function refuseOwnEnd(db: Database, actor: Actor): Promise<void> {
  const { organizationId } = actor;
  if (!actor.instanceWide && (await hasOperatorKey(db, { organizationId }))) {
    throw new DomainError("conflict", "A key of the operator's belongs to this organization.");
  }
  if (actor.type !== "key") return;
  const own = await findKey(db, actor.organizationId, actor.id);
  if (own === undefined) return;
  throw new DomainError("conflict", "The key of this call belongs to this organization.");
}

/** The organization. Throws 404 for a missing and for a deleted one. */
export async function requireOrganization(
  db: Database,
  organizationId: string,
): Promise<OrganizationRow> {
  const row = await findOrganization(db, organizationId);
  if (row === undefined) throw notFound("organization");
  return row;
}

async function requirePlan(db: Database, slug: string): Promise<void> {
  if ((await findPlan(db, slug)) === undefined) throw invalidField("plan", "No such plan.");
}

/** The organization as the API shows it; one that is deleted is never shown. */
export function describeOrganization(row: OrganizationRow): Organization {
  return {
    id: row.id,
    slug: row.slug,
    name: row.name,
    plan: row.planSlug,
    state: row.state === "active" ? "active" : "suspended",
    created_at: toTimestamp(row.createdAtMs),
  };
}
