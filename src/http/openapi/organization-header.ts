import { organizationHeader } from "../authorize.ts";

/** The header by which a caller of several organizations says which one a call is about. */
export const organizationParameter = {
  name: organizationHeader,
  in: "header",
  description:
    "Which organization the call is about, by id or slug: for people of several, and for operators. Without it, it is one's own.",
  required: false,
  schema: { type: "string", minLength: 1, maxLength: 64 },
  example: "acme",
};

/** Named apart from the schema of an organization: some generators have one room for all names. */
export const organizationReference = { $ref: "#/components/parameters/OrganizationHeader" };
