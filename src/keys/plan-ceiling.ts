import { DomainError, invalidField } from "../core/errors.ts";
import type { Limits } from "../limits/counters.ts";
import type { Actor } from "../organizations/actor.ts";
import { findPlan, planOfOrganization } from "../plans/plan-store.ts";
import type { KeyRow } from "./key-store.ts";
import type { KeysContext } from "./keys-context.ts";
import type { CreateKey, UpdateKey } from "./write-schemas.ts";

type LimitedKey = Pick<KeyRow, "organizationId" | "type" | "planSlug"> & Limits;

const limitFields = [
  ["requestsPerMinute", "requests_per_minute"],
  ["requestsPerDay", "requests_per_day"],
  ["concurrentRequests", "concurrent_requests"],
] as const;

/**
 * Nobody but the operator gives a key more than its organization's plan. Asked when the plan or the
 * limits of a key are about to change: what the operator has given stays through other changes.
 * Throws 422 for a plan that does not exist, 403 for limits beyond.
 */
export async function requireWithinPlan(
  { db }: KeysContext,
  change: { actor: Actor; key: LimitedKey; input: CreateKey | UpdateKey },
): Promise<void> {
  const { actor, key, input } = change;
  if (input.plan === undefined && input.limits === undefined) return;
  const plan = key.planSlug === null ? undefined : await findPlan(db, key.planSlug);
  if (key.planSlug !== null && plan === undefined) throw invalidField("plan", "No such plan.");
  // A management key is bounded by whoever makes it: `coverage.ts`.
  if (actor.instanceWide || key.type === "management") return;
  const ceiling = await planOfOrganization(db, key.organizationId);
  for (const [name, field] of limitFields) {
    if (input.plan === undefined && input.limits?.[field] === undefined) continue;
    const most = ceiling[name] ?? Infinity;
    const inForce = key[name] ?? (plan ?? ceiling)[name] ?? Infinity;
    if (inForce <= most) continue;
    throw new DomainError(
      "insufficient_role",
      `Only the operator may go beyond the organization's plan (${most} ${field}).`,
      { param: key[name] === null ? "plan" : `limits.${field}` },
    );
  }
}
