import { type Static, Type } from "@sinclair/typebox";
import { spendFields, spendLimitFields } from "../credits/spend-limit-schemas.ts";
import { pageSchema } from "../http/pagination.ts";
import { displayName, id, literals, slug, strictObject, timestamp } from "../http/schema-parts.ts";

const workspaceId = id("Id of the workspace.", "ws_019aa4c1f7d97c01a6e1b8c2d4f60a12");

/** What somebody can set; deleting is another call. */
export const settableStates = ["active", "suspended"] as const;

const fields = {
  slug: slug("Lower-case name, one of its kind in the organization.", "production"),
  name: displayName("Name for people.", "Production"),
};
const state = literals(settableStates, "While it is `suspended`, all its keys are refused.");

export const WorkspaceSchema = strictObject(
  {
    id: workspaceId,
    organization_id: id("The organization.", "org_019aa4c1f7d87c01a6e1b8c2d4f60a11"),
    ...fields,
    state,
    ...spendFields("its keys"),
    created_at: timestamp("When it was made."),
  },
  { title: "Workspace", description: "Where keys and hats live." },
);
export type Workspace = Static<typeof WorkspaceSchema>;

export const WorkspaceListSchema = pageSchema(
  WorkspaceSchema,
  "WorkspaceList",
  "A page of workspaces, the oldest first.",
);

const limits = spendLimitFields("its keys");
const spendLimit = {
  spend_limit: Type.Optional(limits.spend_limit),
  spend_limit_reset: Type.Optional(limits.spend_limit_reset),
};

export const CreateWorkspaceSchema = strictObject(
  { ...fields, ...spendLimit },
  {
    title: "CreateWorkspace",
    description: "The new workspace.",
    examples: [{ slug: "production", name: "Production" }],
  },
);
export type CreateWorkspace = Static<typeof CreateWorkspaceSchema>;

export const ChangeWorkspaceSchema = strictObject(
  {
    slug: Type.Optional(fields.slug),
    name: Type.Optional(fields.name),
    state: Type.Optional(state),
    ...spendLimit,
  },
  {
    title: "ChangeWorkspace",
    minProperties: 1,
    description: "The fields to change. What is absent stays.",
    examples: [{ state: "suspended" }],
  },
);
export type ChangeWorkspace = Static<typeof ChangeWorkspaceSchema>;

export const workspaceParams = Type.Object({ id: workspaceId });

/** `?confirm=`, for a deletion that takes much with it. */
export const confirmQuery = (example: string) =>
  strictObject({
    confirm: slug("The slug of what is to be deleted, to be sure that it is meant.", example),
  });
