import type { Role } from "../core/tenancy.ts";
import { holdsScope } from "./scopes.ts";

/** What a viewer's keys may do at most: look. */
const viewerScopes = ["discover"];

/**
 * What is left of the scopes of a user's key by the user's role, now: a user who is demoted to a viewer
 * has read-only keys from then on, and full ones again when that is taken back.
 */
export function narrowToRole(scopes: string[], role: Role | null): string[] {
  if (role !== "viewer") return scopes;
  return viewerScopes.filter((scope) => holdsScope(scopes, scope));
}
