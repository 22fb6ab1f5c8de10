import { type Static, Type } from "@sinclair/typebox";
import { exportFormats } from "../http/export-rows.ts";
import { literals, nullable, strictObject, timestamp } from "../http/schema-parts.ts";
import { actorTypes } from "../organizations/actor.ts";
import { auditActions } from "./audit-event.ts";

const fields = nullable(Type.Record(Type.String(), Type.Unknown()), {
  description: "The changed fields; null where there was nothing.",
  examples: [{ label: "production backend" }],
});

const hash = (description: string) =>
  Type.String({ description, examples: ["q3Hj0l4e0c9vV0mZJ6m4qk2b1m0o2nSx1sX8yH7u3fA"] });

export const AuditEventSchema = strictObject(
  {
    sequence: Type.Integer({
      minimum: 1,
      description: "1, 2, 3 … of the whole log.",
      examples: [42],
    }),
    at: timestamp("When it happened."),
    actor: strictObject(
      {
        type: literals(actorTypes, "`operator` is the command line on the machine."),
        id: Type.String({
          description: "The id of the user or the key, `cli` or `system`.",
          examples: ["key_019aa4c1f7da7c01a6e1b8c2d4f60a13"],
        }),
        user_id: nullable(Type.String({ examples: ["usr_019aa4c1f7db7c01a6e1b8c2d4f60a15"] }), {
          description: "The user whose key it was; null for other actors.",
        }),
      },
      { description: "Who did it." },
    ),
    action: literals(auditActions, "What was done."),
    target: strictObject(
      {
        type: Type.String({ description: "What kind of thing.", examples: ["key"] }),
        id: Type.String({
          description: "Its id, or its slug.",
          examples: ["key_019aa4c1f7e07a3cb1f60d6f5e2a9b14"],
        }),
      },
      { description: "What it was done to." },
    ),
    changes: strictObject(
      { before: fields, after: fields },
      { description: "The changed fields, without secrets." },
    ),
    address: nullable(Type.String({ examples: ["192.0.2.7"] }), {
      description: "Where the call came from; null for a command.",
    }),
    user_agent: nullable(Type.String({ examples: ["curl/8.9.1"] }), {
      description: "What the caller called itself.",
    }),
    request_id: nullable(Type.String({ examples: ["req_9838b89e5f0000004"] }), {
      description: "The `X-Request-Id` of the answer.",
    }),
    previous_hash: hash("The hash of the row before; empty in the first."),
    hash: hash("SHA-256 over every field of the row, `previous_hash` included."),
  },
  { title: "AuditEvent", description: "One change, as it was recorded with the change itself." },
);
export type AuditEvent = Static<typeof AuditEventSchema>;

export const AuditPageSchema = strictObject(
  {
    data: Type.Array(AuditEventSchema),
    next_cursor: nullable(Type.String(), { description: "For the next page; null on the last." }),
  },
  { title: "AuditPage", description: "A page of changes, the newest first." },
);

const moment = (description: string) =>
  Type.Optional(
    Type.String({ format: "date-time", description, examples: ["2026-11-21T00:00:00.000Z"] }),
  );

const filters = {
  actor: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 64,
      description: "Only what this user or key did; a user's keys are included.",
      examples: ["key_019aa4c1f7da7c01a6e1b8c2d4f60a13"],
    }),
  ),
  action: Type.Optional(literals(auditActions, "Only this action.")),
  target: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 64,
      description: "Only what was done to this.",
      examples: ["key_019aa4c1f7e07a3cb1f60d6f5e2a9b14"],
    }),
  ),
  from: moment("Only from this moment on."),
  to: moment("Only before this moment."),
};

export const AuditQuerySchema = strictObject({
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 100,
      default: 20,
      description: "Events in a page.",
      examples: [20],
    }),
  ),
  cursor: Type.Optional(
    Type.String({
      maxLength: 512,
      description: "`next_cursor` of the page before.",
      examples: ["WyJhdWRpdCIsNDIsIiJd"],
    }),
  ),
  ...filters,
});
export type AuditQuery = Static<typeof AuditQuerySchema>;

export const AuditExportQuerySchema = strictObject({
  format: Type.Optional(literals(exportFormats, "JSON Lines by default, or CSV.")),
  ...filters,
});
export type AuditExportQuery = Static<typeof AuditExportQuerySchema>;

export const ChainStateSchema = strictObject(
  {
    valid: Type.Boolean({
      examples: [true],
      description: "True when every row is as written and follows its forerunner.",
    }),
    rows: Type.Integer({ minimum: 0, description: "Rows that were checked.", examples: [42] }),
    first_broken: nullable(Type.Integer({ minimum: 1 }), {
      description: "The number of the first row that is not; null when all are.",
    }),
  },
  { title: "ChainState", description: "What following the chain has found." },
);
