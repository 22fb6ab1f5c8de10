import { type Static, Type } from "@sinclair/typebox";
import { pageSchema } from "../http/pagination.ts";
import { displayName, id, slug, strictObject, timestamp } from "../http/schema-parts.ts";
import { userFields } from "../users/schemas.ts";

const teamId = id("Id of the team.", "team_019aa4c1f7dd7c01a6e1b8c2d4f60a17");

const fields = {
  slug: slug("Lower-case name, one of its kind in the organization.", "support"),
  name: displayName("Name for people.", "Support"),
};

export const TeamSchema = strictObject(
  { id: teamId, ...fields, created_at: timestamp("When it was made.") },
  { title: "Team", description: "Members of an organization who wear hats together." },
);
export type Team = Static<typeof TeamSchema>;

export const TeamListSchema = pageSchema(
  TeamSchema,
  "TeamList",
  "A page of teams, the oldest first.",
);

export const CreateTeamSchema = strictObject(fields, {
  title: "CreateTeam",
  description: "The new team.",
  examples: [{ slug: "support", name: "Support" }],
});
export type CreateTeam = Static<typeof CreateTeamSchema>;

export const ChangeTeamSchema = strictObject(
  { slug: Type.Optional(fields.slug), name: Type.Optional(fields.name) },
  {
    title: "ChangeTeam",
    minProperties: 1,
    description: "The fields to change. What is absent stays.",
    examples: [{ name: "Customer support" }],
  },
);
export type ChangeTeam = Static<typeof ChangeTeamSchema>;

export const TeamMemberSchema = strictObject(
  {
    user_id: userFields.id,
    email: userFields.email,
    name: userFields.name,
    created_at: timestamp("Since when."),
  },
  { title: "TeamMember", description: "Who belongs to a team." },
);

export const TeamMemberListSchema = pageSchema(
  TeamMemberSchema,
  "TeamMemberList",
  "A page of the team's members, the oldest first.",
);

export const teamParams = Type.Object({ id: teamId });
export const teamMemberParams = Type.Object({ id: teamId, user_id: userFields.id });
