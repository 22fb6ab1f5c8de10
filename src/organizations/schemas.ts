import { type Static, Type } from "@sinclair/typebox";
import { roles } from "../core/tenancy.ts";
import { spendFields, spendLimitFields } from "../credits/spend-limit-schemas.ts";
import { pageSchema } from "../http/pagination.ts";
import { displayName, id, literals, slug, strictObject, timestamp } from "../http/schema-parts.ts";
import { planSlug } from "../plans/schemas.ts";
import { OneTimeLinkSchema, userFields } from "../users/schemas.ts";
import { settableStates } from "../workspaces/schemas.ts";

const organizationId = id("Id of the organization.", "org_019aa4c1f7d87c01a6e1b8c2d4f60a11");

const fields = {
  slug: slug("Lower-case name, one of its kind in the instance.", "acme"),
  name: displayName("Name for people.", "Acme"),
};
const plan = { ...planSlug, description: "The plan of its keys; the operator changes it." };
const state = literals(
  settableStates,
  "While it is `suspended`, all its keys and members are refused; the operator changes it.",
);

export const OrganizationSchema = strictObject(
  { id: organizationId, ...fields, plan, state, created_at: timestamp("When it was made.") },
  { title: "Organization", description: "Who pays: members, workspaces and keys belong to one." },
);
export type Organization = Static<typeof OrganizationSchema>;

export const OrganizationListSchema = pageSchema(
  OrganizationSchema,
  "OrganizationList",
  "A page of organizations, the oldest first.",
);

export const CreateOrganizationSchema = strictObject(
  { ...fields, plan: Type.Optional(plan) },
  {
    title: "CreateOrganization",
    description: "The new organization; its plan is `free` when none is given.",
    examples: [{ slug: "acme", name: "Acme", plan: "pro" }],
  },
);
export type CreateOrganization = Static<typeof CreateOrganizationSchema>;

export const ChangeOrganizationSchema = strictObject(
  {
    slug: Type.Optional(fields.slug),
    name: Type.Optional(fields.name),
    plan: Type.Optional(plan),
    state: Type.Optional(state),
  },
  {
    title: "ChangeOrganization",
    minProperties: 1,
    description: "The fields to change. What is absent stays.",
    examples: [{ plan: "pro" }],
  },
);
export type ChangeOrganization = Static<typeof ChangeOrganizationSchema>;

export const organizationParams = Type.Object({ id: organizationId });

const role = literals(
  roles,
  "What the user may do there; each role may do what those before it may.",
);

export const MemberSchema = strictObject(
  {
    user_id: userFields.id,
    email: userFields.email,
    name: userFields.name,
    state: userFields.state,
    role,
    ...spendFields("the user's keys there"),
    created_at: timestamp("Since when."),
  },
  { title: "Member", description: "Who belongs to an organization, as what." },
);
export type Member = Static<typeof MemberSchema>;

export const MemberListSchema = pageSchema(
  MemberSchema,
  "MemberList",
  "A page of members, the oldest first.",
);

const memberLimits = spendLimitFields("the user's keys there");

export const ChangeMemberSchema = strictObject(
  {
    role: Type.Optional(role),
    spend_limit: Type.Optional(memberLimits.spend_limit),
    spend_limit_reset: Type.Optional(memberLimits.spend_limit_reset),
  },
  {
    title: "ChangeMember",
    minProperties: 1,
    description: "The fields to change. What is absent stays.",
    examples: [{ role: "admin" }],
  },
);
export type ChangeMember = Static<typeof ChangeMemberSchema>;

export const memberParams = Type.Object({ id: organizationId, user_id: userFields.id });

const invitationFields = { email: userFields.email, role };

export const InvitationSchema = strictObject(
  {
    id: OneTimeLinkSchema.properties.id,
    ...invitationFields,
    created_by: id("Who invited.", "usr_019aa4c1f7db7c01a6e1b8c2d4f60a15"),
    created_at: timestamp("When."),
    expires_at: timestamp("When the link stops to work."),
  },
  { title: "Invitation", description: "Somebody who was invited and has not come yet." },
);
export type Invitation = Static<typeof InvitationSchema>;

export const InvitationListSchema = pageSchema(
  InvitationSchema,
  "InvitationList",
  "A page of invitations that can still be used, the oldest first.",
);

export const InvitationWithLinkSchema = strictObject(
  { ...InvitationSchema.properties, ...OneTimeLinkSchema.properties },
  { title: "InvitationWithLink", description: "An invitation, and the link to pass on." },
);
export type InvitationWithLink = Static<typeof InvitationWithLinkSchema>;

export const CreateInvitationSchema = strictObject(invitationFields, {
  title: "CreateInvitation",
  description: "Whom to invite, as what.",
  examples: [{ email: "ada@example.com", role: "admin" }],
});
export type CreateInvitation = Static<typeof CreateInvitationSchema>;

export const invitationParams = Type.Object({
  id: organizationId,
  invitation_id: OneTimeLinkSchema.properties.id,
});
