// The closed lists of words about people and what they belong to: columns, schemas and rules share them.

/** From the least to the most; each may do what those before it may. */
export const roles = ["viewer", "member", "admin", "owner"] as const;
export type Role = (typeof roles)[number];

/** What is deleted stays as a row, for the audit log and the keys that were in it. */
export const ownerStates = ["active", "suspended", "deleted"] as const;

export const userStates = ["active", "disabled"] as const;

export const linkPurposes = ["setup", "invitation", "password_reset"] as const;
export type LinkPurpose = (typeof linkPurposes)[number];

/** Whether `role` is at least `least`. */
export function isAtLeast(role: Role, least: Role): boolean {
  return roles.indexOf(role) >= roles.indexOf(least);
}
