import { changesBetween } from "../audit/audit-event.ts";
import { definedFields } from "../core/defined-fields.ts";
import { DomainError, notFound } from "../core/errors.ts";
import { newId } from "../crypto/ids.ts";
import type { Alongside, Database } from "../db/client.ts";
import { toTimestamp } from "../http/schema-parts.ts";
import type { Actor } from "../organizations/actor.ts";
import type { ChangeContext } from "../organizations/change-context.ts";
import { refuseTakenSlug } from "../organizations/taken-slug.ts";
import type { ChangeTeam, CreateTeam, Team } from "./schemas.ts";
import {
  countTeams,
  deleteTeamRow,
  findTeam,
  insertTeam,
  type TeamRow,
  teamsMax,
  updateTeam,
} from "./team-store.ts";

/** Makes a team. Throws 409 for a taken slug or one team too many. */
export function createTeam(
  { db, audit, clock }: ChangeContext,
  making: { input: CreateTeam; actor: Actor; alongside: (created: Team) => Alongside },
): Promise<Team> {
  const { input, actor, alongside } = making;
  return audit
    .record({
      actor,
      build: async ({ organizationId }) => {
        if ((await countTeams(db, organizationId)) >= teamsMax) {
          throw new DomainError("conflict", `An organization has ${teamsMax} teams at most.`);
        }
        const createdAtMs = clock.nowMs();
        const row = { id: newId("team", createdAtMs), organizationId, ...input, createdAtMs };
        const team = describeTeam(row);
        return {
          change: insertTeam(db, row),
          entry: {
            action: "team.created",
            targetId: row.id,
            organizationId,
            changes: { before: null, after: team },
          },
          alongside: alongside(team),
          result: team,
        };
      },
    })
    .catch(refuseTakenSlug("team"));
}

/** Changes a team. Throws 404, or 409 for a taken slug. */
export function changeTeam(
  { db, audit }: ChangeContext,
  { teamId, input, actor }: { teamId: string; input: ChangeTeam; actor: Actor },
): Promise<Team> {
  return audit
    .record({
      actor,
      build: async ({ organizationId }) => {
        const row = await requireTeam(db, organizationId, teamId);
        const changes = definedFields(input);
        const team = describeTeam({ ...row, ...changes });
        return {
          change: updateTeam(db, teamId, changes),
          entry: {
            action: "team.changed",
            targetId: teamId,
            organizationId,
            changes: changesBetween(describeTeam(row), team),
          },
          result: team,
        };
      },
    })
    .catch(refuseTakenSlug("team"));
}

/** Deletes a team; what its members wore as a team they wear no longer. Throws 404. */
export async function deleteTeam(
  { db, audit, invalidateOrganization }: ChangeContext,
  { teamId, actor }: { teamId: string; actor: Actor },
): Promise<void> {
  await audit.commit({
    actor,
    build: async ({ organizationId }) => {
      const row = await requireTeam(db, organizationId, teamId);
      return {
        change: deleteTeamRow(db, teamId),
        entry: {
          action: "team.deleted",
          targetId: teamId,
          organizationId,
          changes: { before: describeTeam(row), after: null },
        },
      };
    },
  });
  invalidateOrganization(actor.organizationId);
}

/** The team. Throws the same 404 for a missing and for a foreign one. */
export async function requireTeam(
  db: Database,
  organizationId: string,
  teamId: string,
): Promise<TeamRow> {
  const row = await findTeam(db, organizationId, teamId);
  if (row === undefined) throw notFound("team");
  return row;
}

/** The team as the API shows it. */
export function describeTeam({ id, slug, name, createdAtMs }: TeamRow): Team {
  return { id, slug, name, created_at: toTimestamp(createdAtMs) };
}
