import { and, eq, inArray, isNull, type SQL, sql } from "drizzle-orm";
import { type AnySQLiteColumn, alias } from "drizzle-orm/sqlite-core";
import { AccountViews } from "../credits/account-views.ts";
import { among } from "../db/among.ts";
import type { Drizzle } from "../db/client.ts";
import {
  accounts,
  hats,
  hatWearers,
  keys,
  keyUsage,
  members,
  organizations,
  plans,
  secrets,
  spends,
  teamMembers,
  users,
  workspaces,
} from "../db/tables/index.ts";
import { HatViews, type KnownHats } from "../permissions/hat-view.ts";
import type { Grant } from "./live-key.ts";
import { type LoadedSecret, type Row, toGrant, toLoadedSecret } from "./live-key-row.ts";

/**
 * Reads secrets with everything a decision needs of key, plans and owners: one query for many, whose
 * rows come as one JSON text. libSQL hands a value over at some microseconds a column, so the text
 * is near twice as fast as forty columns a row.
 */
export function createSecretLoader(
  db: Drizzle,
  accountViews = new AccountViews(),
): (hashes: string[]) => Promise<LoadedSecret[]> {
  const hashes = among(sql.placeholder("hashes"));
  const query = selectSecrets(db).where(inArray(secrets.hash, hashes)).prepare();
  const views = new HatViews();
  return async (wanted) => {
    const answer = await query.all({ hashes: JSON.stringify(wanted) });
    const rows = readRows(answer);
    const known = await readHats(db, rows);
    return rows.map((row) => {
      const loaded = toLoadedSecret(row, views.of(row, known));
      return {
        ...loaded,
        grant: { ...loaded.grant, account: accountViews.of(loaded.grant.account) },
      };
    });
  };
}

/** The hats that the rows name, each once: a workspace's can be hundreds of kilobytes. */
async function readHats(db: Drizzle, rows: readonly Row[]): Promise<KnownHats> {
  const ids = new Set(rows.flatMap((row) => row.hats.map(([id]) => id)));
  if (ids.size === 0) return new Map();
  const found = await db
    .select({ id: hats.id, slug: hats.slug, skills: hats.skills })
    .from(hats)
    .where(inArray(hats.id, among([...ids])));
  return new Map(found.map((hat) => [hat.id, hat]));
}

/** What a decision about a key would rest on; undefined for a missing key and another tenant's. */
export async function loadGrant(
  db: Drizzle,
  { organizationId, keyId }: { organizationId: string; keyId: string },
): Promise<Grant | undefined> {
  const answer = await selectSecrets(db)
    .where(
      and(
        eq(secrets.keyId, keyId),
        isNull(secrets.runtimeId),
        eq(keys.organizationId, organizationId),
      ),
    )
    .all();
  const rows = readRows(answer);
  const known = await readHats(db, rows);
  const [row] = rows;
  return row && toGrant(row, new HatViews().of(row, known));
}

function readRows(answer: { rows: string }[]): Row[] {
  return JSON.parse(answer[0]?.rows ?? "[]");
}

function selectSecrets(db: Drizzle) {
  const keyPlan = alias(plans, "key_plan");
  const ownerPlan = alias(plans, "owner_plan");
  const row = jsonObject({
    hash: secrets.hash,
    secretExpiresAtMs: secrets.expiresAtMs,
    runtimeId: secrets.runtimeId,
    keyId: keys.id,
    organizationId: keys.organizationId,
    workspaceId: keys.workspaceId,
    userId: keys.userId,
    userState: users.state,
    role: members.role,
    hats: hatsOfKey,
    type: keys.type,
    environment: keys.environment,
    label: keys.label,
    scopes: sql`json(${keys.scopes})`,
    allowedModels: sql`json(${keys.allowedModels})`,
    allowedProviders: sql`json(${keys.allowedProviders})`,
    ipAllowlist: sql`json(${keys.ipAllowlist})`,
    metadata: sql`json(${keys.metadata})`,
    enabled: keys.enabled,
    instanceWide: keys.instanceWide,
    spendLimitMicros: keys.spendLimitMicros,
    spendReset: keys.spendReset,
    account: jsonObject({
      version: accounts.version,
      balance: accounts.balanceMicros,
      held: accounts.heldMicros,
      low: accounts.lowBalanceMicros,
    }),
    spend: sql`CASE WHEN ${spends.spenderId} IS NULL THEN NULL ELSE ${jsonObject({
      totalMicros: spends.totalMicros,
      heldMicros: spends.heldMicros,
      dayStartMs: spends.dayStartMs,
      dayMicros: spends.dayMicros,
      weekStartMs: spends.weekStartMs,
      weekMicros: spends.weekMicros,
      monthStartMs: spends.monthStartMs,
      monthMicros: spends.monthMicros,
    })} END`,
    expiresAtMs: keys.expiresAtMs,
    createdAtMs: keys.createdAtMs,
    revokedAtMs: keys.revokedAtMs,
    ownLimits: jsonObject(limitColumns(keys)),
    keyPlan: jsonObject({ slug: keyPlan.slug, ...limitColumns(keyPlan) }),
    ownerPlan: jsonObject({ slug: ownerPlan.slug, ...limitColumns(ownerPlan) }),
    organizationState: organizations.state,
    workspaceState: workspaces.state,
    lastUsedAtMs: keyUsage.lastUsedAtMs,
    counters: jsonObject({
      minuteWindow: keyUsage.minuteWindow,
      minuteCount: keyUsage.minuteCount,
      dayWindow: keyUsage.dayWindow,
      dayCount: keyUsage.dayCount,
      requestsTotal: keyUsage.requestsTotal,
    }),
  });
  return db
    .select({ rows: sql<string>`json_group_array(${row})` })
    .from(secrets)
    .innerJoin(keys, eq(keys.id, secrets.keyId))
    .innerJoin(organizations, eq(organizations.id, keys.organizationId))
    .innerJoin(workspaces, eq(workspaces.id, keys.workspaceId))
    .innerJoin(ownerPlan, eq(ownerPlan.slug, organizations.planSlug))
    .leftJoin(keyPlan, eq(keyPlan.slug, keys.planSlug))
    .leftJoin(keyUsage, eq(keyUsage.keyId, keys.id))
    .innerJoin(accounts, eq(accounts.organizationId, keys.organizationId))
    .leftJoin(spends, eq(spends.spenderId, keys.id))
    .leftJoin(users, eq(users.id, keys.userId))
    .leftJoin(
      members,
      and(eq(members.userId, keys.userId), eq(members.organizationId, keys.organizationId)),
    )
    .$dynamic();
}

/** The hats of the key's workspace, each with who of the key and its user wears it. */
const hatsOfKey = sql`json((
  SELECT json_group_array(json_array(
    hats.id,
    EXISTS (SELECT 1 FROM ${hatWearers} WHERE hat_id = hats.id AND wearer_id = ${keys.id}),
    EXISTS (SELECT 1 FROM ${hatWearers} WHERE hat_id = hats.id AND (
      wearer_id = ${keys.userId} OR wearer_id IN (
        SELECT team_id FROM ${teamMembers} WHERE ${teamMembers.userId} = ${keys.userId})))))
  FROM ${hats} WHERE hats.workspace_id = ${keys.workspaceId}))`;

type LimitColumns = Record<
  "requestsPerMinute" | "requestsPerDay" | "concurrentRequests",
  AnySQLiteColumn
>;

function limitColumns(table: LimitColumns) {
  const { requestsPerMinute, requestsPerDay, concurrentRequests } = table;
  return { requestsPerMinute, requestsPerDay, concurrentRequests };
}

function jsonObject(fields: Record<string, unknown>): SQL {
  const parts = Object.entries(fields).map(
    ([name, value]) => sql`${sql.raw(`'${name}'`)}, ${value}`,
  );
  return sql`json_object(${sql.join(parts, sql.raw(", "))})`;
}
