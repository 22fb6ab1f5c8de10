import { type Static, Type } from "@sinclair/typebox";
import { pageParameters, pageSchema } from "../http/pagination.ts";
import {
  displayName,
  id,
  literals,
  nullable,
  optionalTimestamp,
  strictObject,
  timestamp,
} from "../http/schema-parts.ts";
import { lowBalance } from "../keys/schema-fields.ts";

const runtimeId = id("Id of the runtime.", "rt_019aa4c1f7dc7c01a6e1b8c2d4f60a16");
const keyId = id("The key that registered it.", "key_019aa4c1f7e07a3cb1f60d6f5e2a9b14");

export const runtimeStatuses = ["alive", "silent", "ended"] as const;

export const RuntimeSchema = strictObject(
  {
    id: runtimeId,
    key_id: keyId,
    name: displayName("What it calls itself.", "worker-7"),
    status: literals(
      runtimeStatuses,
      "`silent`: no heartbeat came in time; `ended`: by itself, by its key or by a person.",
    ),
    address: nullable(Type.String({ examples: ["192.0.2.7"] }), {
      description: "Where it registered from.",
    }),
    created_at: timestamp("When it registered."),
    heartbeat_at: timestamp("Its last heartbeat."),
    expires_at: timestamp("When its secret stops to work, unless a heartbeat comes."),
    ended_at: optionalTimestamp("When it was ended."),
    ended_by: nullable(Type.String(), { description: "The id of who ended it." }),
    ...lowBalance,
  },
  { title: "Runtime", description: "An instance that registered itself with a key." },
);
export type Runtime = Static<typeof RuntimeSchema>;

export const RuntimeListSchema = pageSchema(
  RuntimeSchema,
  "RuntimeList",
  "A page of runtimes, the oldest first.",
);

export const ListRuntimesQuerySchema = strictObject({
  ...pageParameters("runtimes"),
  key_id: Type.Optional(keyId),
  status: Type.Optional(literals(runtimeStatuses, "Only runtimes in this state.")),
});

export const RegisterRuntimeSchema = strictObject(
  { name: RuntimeSchema.properties.name },
  { title: "RegisterRuntime", description: "The new runtime.", examples: [{ name: "worker-7" }] },
);

export const RuntimeWithSecretSchema = strictObject(
  {
    ...RuntimeSchema.properties,
    secret: Type.String({
      description: "The runtime's own secret. It is shown in this answer only.",
      examples: ["rtk_3f9c2a7d5b1e8064c7a2f9d3e6b0815c4d7a9e2f1b6c3058d4e7a1f98f2b31aa"],
    }),
  },
  { title: "RuntimeWithSecret", description: "A runtime with its secret." },
);
export type RuntimeWithSecret = Static<typeof RuntimeWithSecretSchema>;

export const runtimeParams = Type.Object({ id: runtimeId });
