import { DomainError } from "../core/errors.ts";
import { violatedUniqueColumns } from "../db/database-error.ts";

/** For the `catch` of a change: a slug that something else of its kind has is a 409. */
export function refuseTakenSlug(what: string): (error: unknown) => never {
  return (error) => {
    if (!violatedUniqueColumns(error)?.includes(".slug")) throw error;
    throw new DomainError("conflict", `There is a ${what} with this slug.`, { param: "slug" });
  };
}
