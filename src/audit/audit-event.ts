import { createHash } from "node:crypto";
import type { Actor } from "../organizations/actor.ts";

/** Everything that is recorded; a closed list. */
export const auditActions = [
  "key.created",
  "key.imported",
  "key.updated",
  "key.rotated",
  "key.revoked",
  "runtime.registered",
  "runtime.ended",
  "organization.created",
  "organization.changed",
  "organization.deleted",
  "member.added",
  "member.changed",
  "member.removed",
  "invitation.created",
  "invitation.withdrawn",
  "workspace.created",
  "workspace.changed",
  "workspace.deleted",
  "team.created",
  "team.changed",
  "team.deleted",
  "team.member_added",
  "team.member_removed",
  "hat.created",
  "hat.changed",
  "hat.deleted",
  "hat.put_on",
  "hat.taken_off",
  "user.created",
  "user.changed",
  "user.password_changed",
  "user.password_reset_offered",
  "session.started",
  "session.ended",
  "instance.setup_offered",
  "instance.dialect_changed",
  "credits.added",
  "credits.changed",
  "recharge_rule.set",
  "recharge_rule.deleted",
  "recharge.declined",
  "webhook.created",
  "webhook.changed",
  "webhook.deleted",
  "webhook.disabled",
  "webhook.secret_rotated",
  "webhook.delivery_replayed",
  "plan.created",
  "plan.changed",
  "plan.deleted",
  "price.set",
  "price.ended",
] as const;
export type AuditAction = (typeof auditActions)[number];

/** The changed fields as the API shows them; never a secret. */
export interface Changes {
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
}

/** What somebody did. */
export interface AuditEntry {
  actor: Actor;
  action: AuditAction;
  /** An id such as `key_…`, or a plan's slug. */
  targetId: string;
  /** Null for what belongs to the instance. */
  organizationId: string | null;
  changes: Changes;
}

/** A row of the log. */
export interface AuditRow {
  sequence: number;
  atMs: number;
  organizationId: string | null;
  actorType: string;
  actorId: string;
  /** The user whose key it was; null for other actors. */
  userId: string | null;
  action: string;
  targetType: string;
  targetId: string;
  changes: string;
  address: string | null;
  userAgent: string | null;
  requestId: string | null;
  previousHash: string;
  hash: string;
}

/** The end of the chain: the row that the next one follows. */
export type ChainHead = Pick<AuditRow, "sequence" | "hash">;

/** What the first row follows. */
export const chainStart: ChainHead = { sequence: 0, hash: "" };

/** The row that follows `head` and carries its hash. */
export function chainRow(head: ChainHead, entry: AuditEntry, nowMs: number): AuditRow {
  const { actor, action } = entry;
  const origin = actor.origin?.();
  const row = {
    sequence: head.sequence + 1,
    atMs: nowMs,
    organizationId: entry.organizationId,
    actorType: actor.type,
    actorId: actor.id,
    userId: actor.type === "key" ? actor.userId : null,
    action,
    targetType: action.slice(0, action.indexOf(".")),
    targetId: entry.targetId,
    changes: JSON.stringify(entry.changes),
    address: origin?.address ?? null,
    userAgent: origin?.userAgent ?? null,
    requestId: origin?.requestId ?? null,
    previousHash: head.hash,
  };
  return { ...row, hash: hashOf(row) };
}

/** SHA-256 over every field but the hash itself, the previous row's hash included; base64url. */
export function hashOf(row: Omit<AuditRow, "hash">): string {
  const content = [
    row.sequence,
    row.atMs,
    row.organizationId,
    row.actorType,
    row.actorId,
    row.action,
    row.targetType,
    row.targetId,
    row.changes,
    row.address,
    row.userAgent,
    row.requestId,
    row.previousHash,
    // Rows from before there were users have no such field.
    ...(row.userId === null ? [] : [row.userId]),
  ];
  return createHash("sha256").update(JSON.stringify(content)).digest("base64url");
}

/** The fields that differ, before and after. */
export function changesBetween(
  before: Readonly<Record<string, unknown>>,
  after: Readonly<Record<string, unknown>>,
): Changes {
  const names = Object.keys(after).filter(
    (name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]),
  );
  const pick = (from: Readonly<Record<string, unknown>>) =>
    Object.fromEntries(names.map((name) => [name, from[name]]));
  return { before: pick(before), after: pick(after) };
}
