import { type Static, Type } from "@sinclair/typebox";
import { linkPurposes, roles } from "../core/tenancy.ts";
import { id, literals, nullable, strictObject, timestamp } from "../http/schema-parts.ts";
import { OrganizationSchema } from "../organizations/schemas.ts";
import { UserSchema, userFields } from "../users/schemas.ts";
import { passwordLengthMax, passwordLengthMin } from "./password-rules.ts";

const passwordExample = "plum kettle orbit window";

/** What somebody types to prove who they are, of every length that a password can have had. */
const givenPassword = Type.String({
  minLength: 1,
  maxLength: passwordLengthMax,
  description: "The password.",
  examples: [passwordExample],
});

const chosenPassword = Type.String({
  minLength: passwordLengthMin,
  maxLength: passwordLengthMax,
  description: `At least ${passwordLengthMin} characters of any kind; common passwords are refused.`,
  examples: [passwordExample],
});

export const SessionSchema = strictObject(
  {
    id: id("Id of the session.", "ses_019aa4c1f7e17c01a6e1b8c2d4f60a20"),
    created_at: timestamp("When the user logged in."),
    last_used_at: timestamp("Its last use; at most a minute behind."),
    expires_at: timestamp("When it ends in any case."),
    address: nullable(Type.String({ examples: ["192.0.2.7"] }), {
      description: "Where the user logged in from.",
    }),
    user_agent: nullable(Type.String({ examples: ["Mozilla/5.0"] }), {
      description: "What the browser called itself.",
    }),
    current: Type.Boolean({ description: "True for the one of this call.", examples: [true] }),
  },
  { title: "Session", description: "Somebody's being logged in, in one browser." },
);

export const SessionListSchema = strictObject(
  {
    data: Type.Array(SessionSchema),
    next_cursor: Type.Null({ description: "Sessions come in one page." }),
  },
  { title: "SessionList", description: "One's sessions, the latest used first." },
);

export const LoginSchema = strictObject(
  { email: userFields.email, password: givenPassword },
  {
    title: "Login",
    description: "Who somebody is.",
    examples: [{ email: "ada@example.com", password: passwordExample }],
  },
);

const membership = strictObject(
  {
    organization_id: OrganizationSchema.properties.id,
    slug: OrganizationSchema.properties.slug,
    name: OrganizationSchema.properties.name,
    state: OrganizationSchema.properties.state,
    role: literals(roles, "What the user is there."),
  },
  { title: "Membership", description: "An organization of the user." },
);

export const LoggedInSchema = strictObject(
  {
    user: UserSchema,
    memberships: Type.Array(membership, { description: "The organizations of the user." }),
    session: SessionSchema,
  },
  { title: "LoggedIn", description: "Who is logged in." },
);
export type LoggedInAnswer = Static<typeof LoggedInSchema>;

export const ChangePasswordSchema = strictObject(
  { current_password: givenPassword, new_password: chosenPassword },
  {
    title: "ChangePassword",
    description: "The password until now, and from now on.",
    examples: [{ current_password: passwordExample, new_password: "seven violet harbour lamps" }],
  },
);

export const sessionParams = Type.Object({ id: SessionSchema.properties.id });

const token = Type.String({
  minLength: 1,
  maxLength: 128,
  description: "The token behind the # of the link.",
  examples: ["0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"],
});

export const ShowLinkSchema = strictObject(
  { token },
  { title: "ShowLink", description: "A link that somebody has opened." },
);

export const LinkSchema = strictObject(
  {
    purpose: literals(linkPurposes, "What it is for."),
    email: nullable(userFields.email, {
      description: "Whom it is for; null when anybody may say.",
    }),
    organization: nullable(Type.String({ examples: ["Acme"] }), {
      description: "The name of the organization that invites; null otherwise.",
    }),
    role: nullable(literals(roles, "As what."), { description: "As what; null otherwise." }),
    user_exists: Type.Boolean({
      description: "True when the password to give is the one the user has, not a new one.",
      examples: [false],
    }),
    expires_at: timestamp("When it stops to work."),
  },
  { title: "Link", description: "What a one-time link is for." },
);
export type Link = Static<typeof LinkSchema>;

export const UseLinkSchema = strictObject(
  {
    token,
    password: Type.String({
      minLength: 1,
      maxLength: passwordLengthMax,
      description: `The password that the user has, or a new one of at least ${passwordLengthMin} characters.`,
      examples: [passwordExample],
    }),
    email: Type.Optional(userFields.email),
    name: Type.Optional(userFields.name),
  },
  {
    title: "UseLink",
    description: "What the link needs: the setup needs an email too.",
    examples: [
      {
        token: "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0",
        password: passwordExample,
        name: "Ada Lovelace",
      },
    ],
  },
);
export type UseLink = Static<typeof UseLinkSchema>;
