import { type Actor, noLimits, type Origin } from "../organizations/actor.ts";
import type { UserRow } from "../users/user-store.ts";

/** A user as the maker of a change about themselves, which is no organization's. */
export function personActor(user: Pick<UserRow, "id">, origin: Origin): Actor {
  return {
    type: "user",
    id: user.id,
    userId: user.id,
    organizationId: "",
    workspaceId: "",
    role: null,
    scopes: [],
    instanceWide: false,
    expiresAtMs: null,
    addressRanges: null,
    limits: noLimits,
    origin: () => origin,
  };
}
