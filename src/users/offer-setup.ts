import type { Actor } from "../organizations/actor.ts";
import { deleteSetupLinks, insertLink } from "./link-store.ts";
import { newLink } from "./new-link.ts";
import type { PeopleContext } from "./people-context.ts";
import type { OneTimeLink } from "./schemas.ts";

/** The link by which the first person who opens it becomes the operator. An earlier one ends. */
export function offerSetup(
  { db, audit, clock, tokenHash }: PeopleContext,
  { actor, baseUrl }: { actor: Actor; baseUrl: string },
): Promise<OneTimeLink> {
  return audit.record({
    actor,
    build: () => {
      const { row, link } = newLink(
        { purpose: "setup", createdBy: actor.id },
        { tokenHash, nowMs: clock.nowMs(), baseUrl },
      );
      return {
        change: [...deleteSetupLinks(db), ...insertLink(db, row)],
        entry: {
          action: "instance.setup_offered",
          targetId: row.id,
          organizationId: null,
          changes: { before: null, after: null },
        },
        result: link,
      };
    },
  });
}
