import { type Static, Type } from "@sinclair/typebox";
import { literals, nullable, strictObject } from "../http/schema-parts.ts";
import * as fields from "../keys/schema-fields.ts";
import { skillActions } from "./skill-scopes.ts";
import { skillPatternLengthMax, skillSyntax } from "./skills.ts";

const reach = strictObject(
  {
    allowed: Type.Boolean({ description: "Whether the key may do it at all.", examples: [true] }),
    skills: Type.Array(Type.String(), {
      description:
        "With which skills, as patterns: `*`, `github/*`, `github/create-issue` or, for one tool, `gmail/send-message#attach`.",
      examples: [["github/*", "gmail/send-message"]],
    }),
  },
  { title: "Reach", description: "How far an action goes." },
);

export const PermissionsSchema = strictObject(
  {
    key_id: fields.keyId,
    scopes: fields.scopes,
    hats: Type.Array(
      strictObject(
        {
          id: Type.String({
            description: "Id of the hat.",
            examples: ["hat_019aa4c1f7de7c01a6e1b8c2d4f60a18"],
          }),
          slug: Type.String({ description: "Its name.", examples: ["support"] }),
        },
        { title: "HatReference", description: "A hat, by name." },
      ),
      { description: "The hats that the key sees through; none when its workspace has none." },
    ),
    discover: reach,
    execute: reach,
    ...fields.lowBalance,
  },
  { title: "Permissions", description: "What the presented key may do with skills." },
);
export type Permissions = Static<typeof PermissionsSchema>;

const skill = Type.String({
  maxLength: skillPatternLengthMax,
  pattern: skillSyntax,
  description: "A skill, or one tool of it behind a #.",
  examples: ["github/create-issue"],
});

export const ExplainSchema = strictObject(
  {
    key_id: fields.keyId,
    skill,
    action: Type.Optional(literals(skillActions, "`execute` by default.")),
  },
  {
    title: "Explain",
    description: "A key, and what it is to do.",
    examples: [{ key_id: "key_019aa4c1f7e07a3cb1f60d6f5e2a9b14", skill: "github/create-issue" }],
  },
);
export type Explain = Static<typeof ExplainSchema>;

export const links = ["key", "owner", "scopes", "hats", "skill"] as const;

export const ExplanationSchema = strictObject(
  {
    allowed: Type.Boolean({ description: "Whether the key may do it.", examples: [false] }),
    decided_by: nullable(literals(links, "The link that refuses."), {
      description: "The first link of the chain that refuses; null when none does.",
    }),
    chain: Type.Array(
      strictObject(
        {
          link: literals(links, "Which link."),
          ok: Type.Boolean({ description: "Whether it lets the key pass.", examples: [true] }),
          reason: Type.String({
            description: "Why, for a person.",
            examples: ["The key is active."],
          }),
        },
        { title: "ChainLink", description: "One link." },
      ),
      { description: "Key, owner, scopes, hats, skill, in the order they are asked." },
    ),
  },
  { title: "Explanation", description: "Allowed or not, and by which link of the chain." },
);
export type Explanation = Static<typeof ExplanationSchema>;
