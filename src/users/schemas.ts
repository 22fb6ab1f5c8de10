import { type Static, Type } from "@sinclair/typebox";
import { userStates } from "../core/tenancy.ts";
import { pageParameters, pageSchema } from "../http/pagination.ts";
import { displayName, id, literals, strictObject, timestamp } from "../http/schema-parts.ts";

/**
 * ASCII as in RFC 5321, so that lower case is one and the same for everybody; each label ends at a dot,
 * so matching is linear. Whether it reaches somebody, only a message can tell.
 */
export const emailPattern =
  "^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}(\\.[A-Za-z0-9-]{1,63})+$";

export const userFields = {
  id: id("Id of the user.", "usr_019aa4c1f7db7c01a6e1b8c2d4f60a15"),
  email: Type.String({
    maxLength: 254,
    pattern: emailPattern,
    description: "The address the user logs in with; its case does not matter.",
    examples: ["ada@example.com"],
  }),
  name: displayName("Name for people.", "Ada Lovelace"),
  state: literals(userStates, "A disabled user's sessions and keys are refused."),
  is_operator: Type.Boolean({
    description: "True for who runs the instance.",
    examples: [false],
  }),
};

export const UserSchema = strictObject(
  { ...userFields, created_at: timestamp("When the user was made.") },
  { title: "User", description: "A person with a login." },
);
export type User = Static<typeof UserSchema>;

export const UserListSchema = pageSchema(
  UserSchema,
  "UserList",
  "A page of users, the oldest first.",
);

export const ListUsersQuerySchema = strictObject({
  ...pageParameters("users"),
  email: Type.Optional(userFields.email),
});

export const ChangeUserSchema = strictObject(
  {
    name: Type.Optional(userFields.name),
    state: Type.Optional(userFields.state),
    is_operator: Type.Optional(userFields.is_operator),
  },
  {
    title: "ChangeUser",
    minProperties: 1,
    description: "The fields to change. What is absent stays.",
    examples: [{ state: "disabled" }],
  },
);
export type ChangeUser = Static<typeof ChangeUserSchema>;

export const userParams = Type.Object({ id: userFields.id });

export const OneTimeLinkSchema = strictObject(
  {
    id: id("Id of the link.", "lnk_019aa4c1f7df7c01a6e1b8c2d4f60a19"),
    url: Type.String({
      format: "uri",
      description: "What to pass on. The token is behind the #, which browsers do not send.",
      examples: [
        "https://keys.example.com/link#0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0",
      ],
    }),
    token: Type.String({
      description: "The token alone, for a page of your own. It is in this answer only.",
      examples: ["0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"],
    }),
    expires_at: timestamp("When it stops to work."),
  },
  { title: "OneTimeLink", description: "A link that works once." },
);
export type OneTimeLink = Static<typeof OneTimeLinkSchema>;
