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
  for (const id of ids) {
    const hat = found.find((row) => row.id === id);
    if (hat?.workspaceId !== key.workspaceId) {
      throw invalidField("hats", `No such hat in the key's workspace: ${id}.`);
    }
  }
  if (key.userId === null) return ids;
  const own = await wornByUser(db, key.userId);
  const missing = ids.find((id) => !own.includes(id));
  if (missing === undefined) return ids;
  throw new DomainError("insufficient_role", `The key's user does not wear the hat ${missing}.`, {
    param: "hats",
  });
}
