import { Type } from "@sinclair/typebox";
import { Elysia } from "elysia";
import type { Config } from "../config/schema.ts";
import type { Authorizer } from "../http/authorize.ts";
import { ErrorSchema } from "../http/error-schemas.ts";
import type { Idempotency } from "../http/idempotency.ts";
import { management } from "../http/management.ts";
import { idempotentMark } from "../http/openapi/idempotency-key.ts";
import { pageOf, pageQuery, readIntegers, toPage } from "../http/pagination.ts";
import { publicUrl } from "../http/public-url.ts";
import { listInvitations } from "../users/link-store.ts";
import { offerMemberReset } from "../users/offer-password-reset.ts";
import type { PeopleContext } from "../users/people-context.ts";
import { OneTimeLinkSchema } from "../users/schemas.ts";
import { changeMember, describeMembers, removeMember, requireMember } from "./change-members.ts";
import { describeInvitation, invite, withdrawInvitation } from "./invite.ts";
import { listMembers } from "./member-store.ts";
import * as schemas from "./schemas.ts";

const tags = ["Members"];
const memberOrder = "members";
const invitationOrder = "invitations";

/** `/organizations/:id/members` and `/invitations`: who belongs to an organization, and who may come. */
export function memberRoutes(services: {
  authorizer: Authorizer;
  idempotency: Idempotency;
  people: PeopleContext;
  config: Config;
}) {
  const { people, idempotency, config } = services;
  return new Elysia({ name: "members" })
    .use(management(services.authorizer))
    .get(
      "/organizations/:id/members",
      async ({ query, actor }) => {
        const page = pageOf(query, memberOrder);
        const rows = await listMembers(people.db, actor.organizationId, page);
        const describe = await describeMembers(people, actor.organizationId, rows);
        return toPage(rows, page, memberOrder, describe);
      },
      {
        transform: readIntegers,
        params: schemas.organizationParams,
        query: pageQuery(memberOrder),
        response: { 200: schemas.MemberListSchema },
        detail: { operationId: "listMembers", tags, summary: "List members" },
      },
    )
    .get(
      "/organizations/:id/members/:user_id",
      async ({ params, actor: { organizationId } }) => {
        const row = await requireMember(people.db, organizationId, params.user_id);
        return (await describeMembers(people, organizationId, [row]))(row);
      },
      {
        params: schemas.memberParams,
        response: { 200: schemas.MemberSchema },
        detail: { operationId: "showMember", tags, summary: "Show a member" },
      },
    )
    .patch(
      "/organizations/:id/members/:user_id",
      ({ params, body, actor }) =>
        changeMember(people, { userId: params.user_id, input: body, actor }),
      {
        params: schemas.memberParams,
        body: schemas.ChangeMemberSchema,
        response: { 200: schemas.MemberSchema, 409: ErrorSchema },
        detail: {
          operationId: "changeMember",
          tags,
          summary: "Change a member's role or spend limit",
          description:
            "A spend limit holds for the member's user keys there together, beside those of their own. A role holds for the member's sessions and user keys when the call returns. The last owner stays one.",
        },
      },
    )
    .delete(
      "/organizations/:id/members/:user_id",
      async ({ params, actor, set }) => {
        await removeMember(people, { userId: params.user_id, actor });
        set.status = 204;
      },
      {
        params: schemas.memberParams,
        response: { 204: Type.Void({ description: "The user is no member." }), 409: ErrorSchema },
        detail: {
          operationId: "removeMember",
          tags,
          summary: "Remove a member, or leave",
          description:
            "Revokes the member's user keys there, at once and for good. The last owner cannot go.",
        },
      },
    )
    .post(
      "/organizations/:id/members/:user_id/password-reset",
      ({ request, params, actor }) => {
        const baseUrl = publicUrl(config, request);
        return offerMemberReset(people, { userId: params.user_id, actor, baseUrl });
      },
      {
        params: schemas.memberParams,
        response: { 200: OneTimeLinkSchema },
        detail: {
          operationId: "offerMemberPasswordReset",
          tags,
          summary: "Make a link to a new password",
          description:
            "Works once, for a day. For a member of this organization alone; for others an operator makes it.",
        },
      },
    )
    .get(
      "/organizations/:id/invitations",
      async ({ query, actor: { organizationId } }) => {
        const page = pageOf(query, invitationOrder);
        const of = { organizationId, nowMs: people.clock.nowMs() };
        const rows = await listInvitations(people.db, of, page);
        return toPage(rows, page, invitationOrder, describeInvitation);
      },
      {
        transform: readIntegers,
        params: schemas.organizationParams,
        query: pageQuery(invitationOrder),
        response: { 200: schemas.InvitationListSchema },
        detail: { operationId: "listInvitations", tags, summary: "List invitations" },
      },
    )
    .post(
      "/organizations/:id/invitations",
      ({ request, body, actor }) =>
        idempotency.create({ request, actor, payload: body }, (alongside) =>
          invite(people, { input: body, actor, baseUrl: publicUrl(config, request), alongside }),
        ),
      {
        params: schemas.organizationParams,
        body: schemas.CreateInvitationSchema,
        response: { 201: schemas.InvitationWithLinkSchema, 409: ErrorSchema },
        detail: {
          [idempotentMark]: true,
          operationId: "createInvitation",
          tags,
          summary: "Invite somebody",
          description:
            "The answer holds the link, once; it works once, for seven days. Pass it on by a way that you trust.",
        },
      },
    )
    .delete(
      "/organizations/:id/invitations/:invitation_id",
      async ({ params, actor, set }) => {
        await withdrawInvitation(people, { invitationId: params.invitation_id, actor });
        set.status = 204;
      },
      {
        params: schemas.invitationParams,
        response: { 204: Type.Void({ description: "The link is dead." }) },
        detail: { operationId: "withdrawInvitation", tags, summary: "Withdraw an invitation" },
      },
    );
}
