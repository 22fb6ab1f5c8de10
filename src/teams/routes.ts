import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Authorizer } from "../http/authorize.ts";
import { ErrorSchema } from "../http/error-schemas.ts";
import type { Idempotency } from "../http/idempotency.ts";
import { management } from "../http/management.ts";
import { idempotentMark } from "../http/openapi/idempotency-key.ts";
import { pageOf, pageQuery, readIntegers, toPage } from "../http/pagination.ts";
import { toTimestamp } from "../http/schema-parts.ts";
import type { ChangeContext } from "../organizations/change-context.ts";
import { joinTeam, leaveTeam } from "./change-team-members.ts";
import { changeTeam, createTeam, deleteTeam, describeTeam, requireTeam } from "./change-teams.ts";
import * as schemas from "./schemas.ts";
import { listTeamMembers, listTeams, type TeamMemberRow } from "./team-store.ts";

const tags = ["Teams"];
const order = "teams";
const memberOrder = "team_members";

/** `/teams`: members who wear hats together. */
export function teamRoutes(services: {
  authorizer: Authorizer;
  idempotency: Idempotency;
  changes: ChangeContext;
}) {
  const { changes, idempotency } = services;
  return new Elysia({ name: "teams" })
    .use(management(services.authorizer))
    .get(
      "/teams",
      async ({ query, actor }) => {
        const page = pageOf(query, order);
        const rows = await listTeams(changes.db, actor.organizationId, page);
        return toPage(rows, page, order, describeTeam);
      },
      {
        transform: readIntegers,
        query: pageQuery(order),
        response: { 200: schemas.TeamListSchema },
        detail: { operationId: "listTeams", tags, summary: "List teams" },
      },
    )
    .post(
      "/teams",
      ({ request, body, actor }) =>
        idempotency.create({ request, actor, payload: body }, (alongside) =>
          createTeam(changes, { input: body, actor, alongside }),
        ),
      {
        body: schemas.CreateTeamSchema,
        response: { 201: schemas.TeamSchema, 409: ErrorSchema },
        detail: {
          [idempotentMark]: true,
          operationId: "createTeam",
          tags,
          summary: "Create a team",
        },
      },
    )
    .get(
      "/teams/:id",
      async ({ params, actor }) =>
        describeTeam(await requireTeam(changes.db, actor.organizationId, params.id)),
      {
        params: schemas.teamParams,
        response: { 200: schemas.TeamSchema },
        detail: { operationId: "showTeam", tags, summary: "Show a team" },
      },
    )
    .patch(
      "/teams/:id",
      ({ params, body, actor }) => changeTeam(changes, { teamId: params.id, input: body, actor }),
      {
        params: schemas.teamParams,
        body: schemas.ChangeTeamSchema,
        response: { 200: schemas.TeamSchema, 409: ErrorSchema },
        detail: { operationId: "changeTeam", tags, summary: "Change a team" },
      },
    )
    .delete(
      "/teams/:id",
      async ({ params, actor, set }) => {
        await deleteTeam(changes, { teamId: params.id, actor });
        set.status = 204;
      },
      {
        params: schemas.teamParams,
        response: { 204: Type.Void({ description: "The team is gone." }) },
        detail: {
          operationId: "deleteTeam",
          tags,
          summary: "Delete a team",
          description: "Its members stay members of the organization, without the team's hats.",
        },
      },
    )
    .get(
      "/teams/:id/members",
      async ({ params, query, actor }) => {
        const { id: teamId } = await requireTeam(changes.db, actor.organizationId, params.id);
        const page = pageOf(query, memberOrder);
        const rows = await listTeamMembers(changes.db, teamId, page);
        return toPage(rows, page, memberOrder, describeTeamMember);
      },
      {
        transform: readIntegers,
        params: schemas.teamParams,
        query: pageQuery(memberOrder),
        response: { 200: schemas.TeamMemberListSchema },
        detail: { operationId: "listTeamMembers", tags, summary: "List a team's members" },
      },
    )
    .put(
      "/teams/:id/members/:user_id",
      async ({ params, actor, set }) => {
        await joinTeam(changes, { teamId: params.id, userId: params.user_id, actor });
        set.status = 204;
      },
      {
        params: schemas.teamMemberParams,
        response: { 204: Type.Void({ description: "The user is in the team." }) },
        detail: { operationId: "addTeamMember", tags, summary: "Put a member into a team" },
      },
    )
    .delete(
      "/teams/:id/members/:user_id",
      async ({ params, actor, set }) => {
        await leaveTeam(changes, { teamId: params.id, userId: params.user_id, actor });
        set.status = 204;
      },
      {
        params: schemas.teamMemberParams,
        response: { 204: Type.Void({ description: "The user is not in the team." }) },
        detail: { operationId: "removeTeamMember", tags, summary: "Take a member out of a team" },
      },
    );
}

function describeTeamMember({ id, email, name, createdAtMs }: TeamMemberRow) {
  return { user_id: id, email, name, created_at: toTimestamp(createdAtMs) };
}
