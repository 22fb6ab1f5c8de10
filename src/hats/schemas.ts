import { type Static, Type } from "@sinclair/typebox";
import { pageParameters, pageSchema } from "../http/pagination.ts";
import { displayName, id, literals, slug, strictObject, timestamp } from "../http/schema-parts.ts";
import { skillPatternLengthMax, skillPatternSyntax } from "../permissions/skills.ts";

/** Patterns of one hat. */
export const skillsOfHatMax = 100;

const workspaceId = id("The workspace.", "ws_019aa4c1f7d97c01a6e1b8c2d4f60a12");
const hatId = id("Id of the hat.", "hat_019aa4c1f7de7c01a6e1b8c2d4f60a18");

const fields = {
  slug: slug("Lower-case name, one of its kind in the workspace.", "support"),
  name: displayName("Name for people.", "Support"),
  skills: Type.Array(
    Type.String({ maxLength: skillPatternLengthMax, pattern: skillPatternSyntax }),
    {
      maxItems: skillsOfHatMax,
      description:
        "What it shows: `*` every skill, `github/*` those of an integration, `github/create-issue` one skill, `gmail/send-message#attach` one tool of a skill.",
      examples: [["github/*", "gmail/send-message"]],
    },
  ),
};

export const HatSchema = strictObject(
  { id: hatId, workspace_id: workspaceId, ...fields, created_at: timestamp("When it was made.") },
  { title: "Hat", description: "A named group of skills." },
);
export type Hat = Static<typeof HatSchema>;

export const HatListSchema = pageSchema(HatSchema, "HatList", "A page of hats, the oldest first.");

export const ListHatsQuerySchema = strictObject({
  ...pageParameters("hats"),
  workspace_id: Type.Optional(workspaceId),
});

export const CreateHatSchema = strictObject(
  {
    ...fields,
    workspace_id: Type.Optional(
      id("The workspace; the caller's own by default.", "ws_019aa4c1f7d97c01a6e1b8c2d4f60a12"),
    ),
  },
  {
    title: "CreateHat",
    description: "The new hat.",
    examples: [{ slug: "support", name: "Support", skills: ["github/*", "gmail/send-message"] }],
  },
);
export type CreateHat = Static<typeof CreateHatSchema>;

export const ChangeHatSchema = strictObject(
  {
    slug: Type.Optional(fields.slug),
    name: Type.Optional(fields.name),
    skills: Type.Optional(fields.skills),
  },
  {
    title: "ChangeHat",
    minProperties: 1,
    description: "The fields to change. What is absent stays.",
    examples: [{ skills: ["github/*"] }],
  },
);
export type ChangeHat = Static<typeof ChangeHatSchema>;

export const hatParams = Type.Object({ id: hatId });

const wearerId = id("A key, a user or a team.", "team_019aa4c1f7dd7c01a6e1b8c2d4f60a17");
export const wearerParams = Type.Object({ id: hatId, wearer_id: wearerId });

const wearerTypes = ["key", "user", "team"] as const;
export const WearerSchema = strictObject(
  { id: wearerId, type: literals(wearerTypes, "What kind of wearer.") },
  { title: "Wearer", description: "Who wears a hat." },
);
export type Wearer = Static<typeof WearerSchema>;

export const WearerListSchema = pageSchema(WearerSchema, "WearerList", "Who wears the hat, by id.");
