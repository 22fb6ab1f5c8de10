import { foreignSecretPattern } from "../crypto/foreign-secret.ts";
import { scopeSyntax } from "../permissions/scopes.ts";
import { skillPatternSyntax, skillSyntax } from "../permissions/skills.ts";
import { emailPattern } from "../users/schemas.ts";
import { printableLine } from "./schema-parts.ts";

/**
 * What is wrong with a field, for people. TypeBox says "Expected union value" for every union: the
 * schema says which values those are.
 */
export function explainFault(fault: { message: string; schema?: unknown }): string {
  const { anyOf = [] } = (fault.schema ?? {}) as { anyOf?: UnionMember[] };
  const words = anyOf.flatMap((member) => ("const" in member ? [String(member.const)] : []));
  const rule = patternRules.get((fault.schema as { pattern?: string } | undefined)?.pattern ?? "");
  if (rule !== undefined && fault.message.startsWith("Expected string to match")) return rule;
  if (fault.message === "Unexpected property") return "This field is not known.";
  if (fault.message === "Expected required property") return "This field is required.";
  if (words.length > 0) return `Must be one of ${words.join(", ")}.`;
  const types = [...new Set(anyOf.flatMap((member) => typeName(member, anyOf)))];
  if (types.length > 0) return `Must be ${types.join(" or ")}.`;
  return `${fault.message}.`;
}

/** What a regular expression means, for those who do not read them. */
const patternRules = new Map([
  [`^${scopeSyntax}$`, "A scope is 1 to 128 of the characters a-z A-Z 0-9 : . _ / * -"],
  [
    `^${scopeSyntax}( ${scopeSyntax})*$`,
    "Scopes are 1 to 128 of the characters a-z A-Z 0-9 : . _ / * - with one space between two.",
  ],
  [emailPattern, "Must be an address such as ada@example.com."],
  [skillPatternSyntax, "Must be *, github/*, github/create-issue or gmail/send-message#attach."],
  [skillSyntax, "Must be a skill such as github/create-issue, or a tool of it behind a #."],
  ["^[a-z0-9][a-z0-9-]{0,62}$", "Must be 1 to 63 of a-z, 0-9 and -, not beginning with -."],
  [foreignSecretPattern, "Must be 16 to 512 visible ASCII characters without a comma."],
  [printableLine, "Must be one line of text without control characters."],
]);

interface UnionMember {
  type?: string;
  const?: unknown;
  minimum?: number;
  maximum?: number;
}

const typeNames: Readonly<Record<string, string>> = {
  string: "a string",
  array: "a list",
  object: "an object",
  number: "a number",
  boolean: "true or false",
  null: "null",
};

function typeName({ type }: UnionMember, members: readonly UnionMember[]): string[] {
  if (type === "integer") return [`a whole number${rangeOf(members)}`];
  return type === undefined ? [] : [typeNames[type] ?? type];
}

function rangeOf(members: readonly UnionMember[]): string {
  const number = members.find((member) => member.type === "integer");
  if (number?.minimum === undefined || number.maximum === undefined) return "";
  return ` from ${number.minimum} to ${number.maximum}`;
}
