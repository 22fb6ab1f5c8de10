import { sql } from "drizzle-orm";
import { index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import { spendResets } from "../../core/money.ts";
import { environments, hashedForms, keyTypes } from "../../crypto/secret-format.ts";
import { organizations, workspaces } from "./organizations.ts";
import { plans } from "./plans.ts";
import { users } from "./users.ts";

/** The lasting thing: who it belongs to, what it may do, and how its life ended. */
export const keys = sqliteTable(
  "keys",
  {
    id: text().primaryKey(),
    organizationId: text("organization_id")
      .notNull()
      .references(() => organizations.id),
    workspaceId: text("workspace_id")
      .notNull()
      .references(() => workspaces.id),
    type: text({ enum: keyTypes }).notNull(),
    /** Whose key it is, when its type is `user`. */
    userId: text("user_id").references(() => users.id),
    environment: text({ enum: environments }).notNull(),
    label: text().notNull(),
    description: text(),
    scopes: text({ mode: "json" }).$type<string[]>().notNull(),
    planSlug: text("plan_slug").references(() => plans.slug),
    requestsPerMinute: integer("requests_per_minute"),
    requestsPerDay: integer("requests_per_day"),
    concurrentRequests: integer("concurrent_requests"),
    allowedModels: text("allowed_models", { mode: "json" }).$type<string[]>(),
    allowedProviders: text("allowed_providers", { mode: "json" }).$type<string[]>(),
    ipAllowlist: text("ip_allowlist", { mode: "json" }).$type<string[]>(),
    metadata: text({ mode: "json" }).$type<Record<string, unknown>>().notNull(),
    enabled: integer({ mode: "boolean" }).notNull().default(true),
    /** The prefix characters of the newest secret, for lists. */
    keyPrefix: text("key_prefix").notNull(),
    /** True for a management key of the operator: it may change what belongs to the instance. */
    instanceWide: integer("instance_wide", { mode: "boolean" }).notNull().default(false),
    /** The ceiling of the key's spend in micro-USD; NULL is none. */
    spendLimitMicros: integer("spend_limit_micros"),
    spendReset: text("spend_reset", { enum: spendResets }).notNull().default("never"),
    expiresAtMs: integer("expires_at_ms"),
    createdAtMs: integer("created_at_ms").notNull(),
    createdBy: text("created_by").notNull(),
    updatedAtMs: integer("updated_at_ms").notNull(),
    rotatedAtMs: integer("rotated_at_ms"),
    revokedAtMs: integer("revoked_at_ms"),
    revokedBy: text("revoked_by"),
    revokeReason: text("revoke_reason"),
  },
  (table) => [
    index("keys_created").on(table.organizationId, table.createdAtMs, table.id),
    index("keys_user").on(table.userId).where(sql`user_id IS NOT NULL`),
    index("keys_workspace").on(table.workspaceId, table.createdAtMs, table.id),
    index("keys_label").on(table.organizationId, table.label, table.id),
    index("keys_expiry")
      .on(table.expiresAtMs)
      .where(sql`expires_at_ms IS NOT NULL AND revoked_at_ms IS NULL`),
  ],
);

/** What a client may present for a key: hashed, one row each; rotation adds one and ends the other. */
export const secrets = sqliteTable(
  "secrets",
  {
    /** HMAC-SHA-256(pepper, secret), base64url. The secret itself is nowhere. */
    hash: text().primaryKey(),
    /** An imported key comes as a digest: its hash is of that, until the secret is first presented. */
    hashOf: text("hash_of", { enum: hashedForms }).notNull().default("secret"),
    /** The keyed hash of the SHA-256 digest of an imported secret, for good: nothing is imported twice. */
    importHash: text("import_hash"),
    keyId: text("key_id")
      .notNull()
      .references(() => keys.id),
    /** Which pepper made the hash. */
    pepperId: text("pepper_id").notNull(),
    keyPrefix: text("key_prefix").notNull(),
    createdAtMs: integer("created_at_ms").notNull(),
    /** The runtime that it was made for; NULL for the key's own. */
    runtimeId: text("runtime_id"),
    /** The end of a runtime's secret, or of one that was rotated away; NULL while it is the current one. */
    expiresAtMs: integer("expires_at_ms"),
    lastUsedAtMs: integer("last_used_at_ms"),
  },
  (table) => [
    index("secrets_key").on(table.keyId),
    index("secrets_expiry").on(table.expiresAtMs).where(sql`expires_at_ms IS NOT NULL`),
    index("secrets_runtime").on(table.runtimeId).where(sql`runtime_id IS NOT NULL`),
    uniqueIndex("secrets_import").on(table.importHash).where(sql`import_hash IS NOT NULL`),
  ],
);
