import { type Static, Type } from "@sinclair/typebox";
import { environments, keyTypes } from "../crypto/secret-format.ts";
import { id, literals, nullable, strictObject } from "../http/schema-parts.ts";
import { KeySchema, keyStatuses } from "./key-schemas.ts";

export const keySorts = ["-created_at", "created_at", "label", "-label"] as const;
export type KeySort = (typeof keySorts)[number];

/** A place in the default order: what follows the key of the other examples. */
const cursorExample =
  "WyItY3JlYXRlZF9hdCIsMTc5NTI1MzQwMDAwMCwia2V5XzAxOWFhNGMxZjdlMDdhM2NiMWY2MGQ2ZjVlMmE5YjE0Il0";

export const ListKeysQuerySchema = strictObject({
  limit: Type.Optional(
    Type.Integer({
      minimum: 1,
      maximum: 100,
      default: 20,
      description: "Keys in a page.",
      examples: [20],
    }),
  ),
  cursor: Type.Optional(
    Type.String({
      maxLength: 2_048,
      description: "`next_cursor` of the page before.",
      examples: [cursorExample],
    }),
  ),
  type: Type.Optional(literals(keyTypes, "Only keys of this type.")),
  status: Type.Optional(literals(keyStatuses, "Only keys in this state.")),
  environment: Type.Optional(literals(environments, "Only keys of this environment.")),
  workspace_id: Type.Optional(
    id("Only keys of this workspace.", "ws_019aa4c1f7d97c01a6e1b8c2d4f60a12"),
  ),
  user_id: Type.Optional(
    id("Only user keys of this user.", "usr_019aa4c1f7db7c01a6e1b8c2d4f60a15"),
  ),
  q: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: 100,
      description: "Only labels that contain this text, whatever its case.",
      examples: ["backend"],
    }),
  ),
  unused_for_days: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 3_650,
      description: "Only keys whose last use, or making if they were never used, is so long ago.",
      examples: [90],
    }),
  ),
  sort: Type.Optional(literals(keySorts, "The order; `-` is descending.")),
});
export type ListKeysQuery = Static<typeof ListKeysQuerySchema>;

export const KeyListSchema = strictObject(
  {
    data: Type.Array(KeySchema),
    next_cursor: nullable(Type.String(), { description: "For the next page; null on the last." }),
  },
  { title: "KeyList", description: "A page of keys." },
);
