import { and, eq, isNull, type SQL, sql } from "drizzle-orm";
import type { EventType } from "../core/events.ts";
import type { Alongside, Database } from "../db/client.ts";
import { keys, webhookDeliveries, webhookEvents, webhooks } from "../db/tables/index.ts";

/** An event to be written with its cause. */
export interface NewEvent {
  id: string;
  organizationId: string;
  type: EventType;
  data: Record<string, unknown>;
  /** What happens once has a name: an event with a name that is taken is dropped. */
  onceName: string | null;
  createdAtMs: number;
  /** Written only if this holds, at its point of the transaction. */
  onlyIf?: SQL;
}

/**
 * The statements that write events and, for each enabled webhook that wants them, a delivery. They belong
 * into the transaction of what happened: there is never one without the other, and nothing to read before.
 */
export function insertEvents(db: Database, events: readonly NewEvent[]): Alongside {
  if (events.length === 0) return [];
  const written = sql`SELECT event.id, event.organization_id, event.type, event.created_at_ms
    FROM json_each(${JSON.stringify(events.map(({ id }) => id))}) AS made
    JOIN ${webhookEvents} AS event ON event.id = made.value`;
  const sure = events.filter(({ onlyIf }) => onlyIf === undefined);
  return [
    ...(sure.length === 0 ? [] : [insertIf(db, sure, sql`true`)]),
    ...events.flatMap(({ onlyIf, ...event }) =>
      onlyIf === undefined ? [] : [insertIf(db, [event], onlyIf)],
    ),
    deliver(db, written),
  ];
}

function insertIf(db: Database, events: readonly NewEvent[], condition: SQL): Alongside[number] {
  return db.write.run(sql`
    INSERT INTO ${webhookEvents} (id, organization_id, type, payload, once_name, created_at_ms)
    SELECT value ->> 'id', value ->> 'organizationId', value ->> 'type', value -> 'data',
      value ->> 'onceName', value ->> 'createdAtMs'
    FROM json_each(${JSON.stringify(events)}) WHERE ${condition}
    ON CONFLICT (once_name) DO NOTHING`);
}

/** What happened to keys, and what is told of it besides the keys themselves. */
export interface KeyEvents {
  type: Extract<EventType, `key.${string}`>;
  nowMs: number;
  /** The name of what happens once; type and id when nobody says. */
  onceName?: SQL | string;
  /** Fields of `data` besides `organization_id` and `key`. */
  more?: Readonly<Record<string, string | number | null>>;
}

/** The same for what happens to one key. */
export function insertKeyEvent(db: Database, keyId: string, event: KeyEvents): Alongside {
  return insertKeyEvents(db, eq(keys.id, keyId), event);
}

/**
 * The same for every key that meets a condition, as it is at this point of the transaction: the end of a
 * key is told before it is made. A secret is never in it.
 */
export function insertKeyEvents(
  db: Database,
  condition: SQL | undefined,
  events: KeyEvents,
): Alongside {
  const { type, nowMs, onceName = sql`${type} || ' ' || ${keys.id}`, more = {} } = events;
  const isEnd = type === "key.revoked";
  // What was told of an expiry is what the next look goes by, whether anybody listened or not.
  const isKept = type === "key.expiring";
  const which = and(
    condition,
    isEnd ? isNull(keys.revokedAtMs) : undefined,
    isKept ? sql`true` : isHeard(type),
  );
  const fields = Object.entries(more).map(([name, value]) => sql`, ${name}, ${value}`);
  const data = sql`json_object('organization_id', ${keys.organizationId}, 'key', ${keyData}${sql.join(fields)})`;
  // One of long ago, of which only the name was kept, is told to nobody: see `deleteOldEvents`.
  const written = sql`SELECT event.id, event.organization_id, event.type, event.created_at_ms
    FROM ${keys} JOIN ${webhookEvents} AS event ON event.once_name = ${onceName}
      AND event.payload <> '{}' WHERE ${which}`;
  return [
    db.write.run(sql`
      INSERT INTO ${webhookEvents} (id, organization_id, type, payload, once_name, created_at_ms)
      SELECT ${idPrefix("evt", nowMs)} || lower(hex(randomblob(10))), ${keys.organizationId},
        ${type}, ${data}, ${onceName}, ${nowMs}
      FROM ${keys} WHERE ${which}
      ON CONFLICT (once_name) DO NOTHING`),
    deliver(db, written),
  ];
}

/** Somebody listens: most installations make and end keys without any webhook. */
function isHeard(type: EventType): SQL {
  return sql`EXISTS (SELECT 1 FROM ${webhooks} AS listening WHERE listening.enabled
    AND (listening.organization_id = ${keys.organizationId} OR listening.organization_id IS NULL)
    AND ${wants(sql`listening`, sql`${type}`)})`;
}

function wants(webhook: SQL, type: SQL): SQL {
  return sql`(${webhook}.event_types IS NULL
    OR ${type} IN (SELECT value FROM json_each(${webhook}.event_types)))`;
}

const keyData = sql`json_object('id', ${keys.id}, 'label', ${keys.label}, 'type', ${keys.type},
  'key_prefix', ${keys.keyPrefix}, 'environment', ${keys.environment},
  'workspace_id', ${keys.workspaceId}, 'user_id', ${keys.userId},
  'expires_at', strftime('%Y-%m-%dT%H:%M:%fZ', ${keys.expiresAtMs} / 1000.0, 'unixepoch'))`;

/** One delivery to each webhook that wants an event: the organization's own, and the operator's. */
function deliver(db: Database, written: SQL): Alongside[number] {
  return db.write.run(sql`
    INSERT INTO ${webhookDeliveries} (id, event_id, webhook_id, state, next_attempt_at_ms, created_at_ms)
    SELECT 'dlv_' || substr(event.id, 5, 16) || lower(hex(randomblob(8))), event.id, webhook.id,
      'pending', event.created_at_ms, event.created_at_ms
    FROM (${written}) AS event JOIN ${webhooks} AS webhook
      ON (webhook.organization_id = event.organization_id OR webhook.organization_id IS NULL)
      AND webhook.enabled AND ${wants(sql`webhook`, sql`event.type`)}
    WHERE true ON CONFLICT (event_id, webhook_id) DO NOTHING`);
}

/** An id that sorts by time, as `newId` makes them; SQL adds the random part for each row. */
function idPrefix(prefix: string, nowMs: number): string {
  return `${prefix}_${nowMs.toString(16).padStart(12, "0")}`;
}
