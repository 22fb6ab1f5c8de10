import { DomainError, invalidField } from "../core/errors.ts";
import { findHats, wornByUser } from "../hats/hat-store.ts";
import type { Actor } from "../organizations/actor.ts";
import type { KeyRow } from "./key-store.ts";
import type { KeysContext } from "./keys-context.ts";

/**
 * The hats that a key is about to wear, each once. They are of its workspace, and those of a user's
 * key are the user's own. Throws 422 for a hat that is not there, 403 for one that the user lacks.
 */
export async function requireHats(
  { db }: KeysContext,
  wanted: {
    actor: Actor;
    key: Pick<KeyRow, "workspaceId" | "userId" | "type">;
    hats: readonly string[];
  },
): Promise<string[]> {
  const { key } = wanted;
  const ids = [...new Set(wanted.hats)];
  if (ids.length === 0) return ids;
  if (key.type === "management") {
    throw invalidField("hats", "A management key sees no skills: it wears no hats.");
  }
  const found = await findHats(db, ids);
  const isThere = (id: string) =>
    found.find((row) => row.id === id)?.workspaceId === key.workspaceId;
  const at = wanted.hats.findIndex((id) => !isThere(id));
  // Not repeated: in an import with a column out of place it can be a secret.
  if (at !== -1) throw invalidField(`hats.${at}`, "No such hat in the key's workspace.");
  if (key.userId === null) return ids;
  const own = await wornByUser(db, key.userId);
  const missing = ids.find((id) => !own.includes(id));
  if (missing === undefined) return ids;
  throw new DomainError("insufficient_role", `The key's user does not wear the hat ${missing}.`, {
    param: "hats",
  });
}
