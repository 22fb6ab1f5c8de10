import { createHash } from "node:crypto";
import type { Actor } from "../organizations/actor.ts";

/** Everything that is recorded; a closed list. */
export const auditActions = [
  "key.created",
  "key.updated",
  "key.rotated",
  "key.revoked",
  "plan.created",
  "plan.changed",
  "plan.deleted",
] as const;
export type AuditAction = (typeof auditActions)[number];

export const actorTypes = ["key", "operator", "system"] as const;
export type ActorType = (typeof actorTypes)[number];

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
    actorType: actorTypeOf(actor),
    actorId: actor.id,
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

function actorTypeOf(actor: Actor): ActorType {
  if (actor.id === "system") return "system";
  return actor.isCommand ? "operator" : "key";
}
