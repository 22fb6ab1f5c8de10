import { type Static, Type } from "@sinclair/typebox";
import { foreignSecretPattern } from "../crypto/foreign-secret.ts";
import { literals, nullable, strictObject } from "../http/schema-parts.ts";
import { CreateKeySchema } from "./write-schemas.ts";

/** Keys of one import. */
export const importKeysMax = 1_000;
/** Bits of apparent entropy that a secret needs to be imported as it is. */
export const importedBitsMin = 128;
/** Bytes and values of the body of an import, the largest body there is. */
export const importBytesMax = 8_388_608;
export const importValuesMax = 100_000;

/** The types of key that can be imported: what administers Tollgate gets a secret made here. */
export const importableKeyTypes = ["workspace", "user"] as const;
export type ImportableKeyType = (typeof importableKeyTypes)[number];

const {
  type: _type,
  instance_wide: _instanceWide,
  ...fieldsOfCreation
} = CreateKeySchema.properties;

export const ImportKeySchema = strictObject(
  {
    secret: Type.Optional(
      Type.String({
        pattern: foreignSecretPattern,
        description:
          "The secret as clients send it; it needs 128 bits of apparent entropy. Give this or `sha256`.",
        examples: ["sk-3f9c2a7d5b1e8064c7a2f9d3e6b0815c"],
      }),
    ),
    sha256: Type.Optional(
      Type.String({
        minLength: 43,
        maxLength: 64,
        description:
          "The SHA-256 digest of the secret in its place, in hex or base64. It says nothing of how well the secret was drawn.",
        examples: ["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
      }),
    ),
    ...fieldsOfCreation,
    type: Type.Optional(literals(importableKeyTypes, "What kind of key; `workspace` by default.")),
    user_id: Type.Optional(
      Type.String({
        minLength: 1,
        maxLength: 64,
        description: "Whose key a `user` key is; only the operator names somebody else.",
        examples: ["usr_019aa4c1f7db7c01a6e1b8c2d4f60a15"],
      }),
    ),
    enabled: Type.Optional(
      Type.Boolean({ description: "False brings the key in switched off.", examples: [true] }),
    ),
  },
  {
    title: "ImportKey",
    description: "A key of another service: its secret or digest, and the fields of a new key.",
  },
);
export type ImportKey = Static<typeof ImportKeySchema>;

/** The schema for the document alone: the routes let every value pass, and each key is checked by itself. */
const describedOnly = Type.Unknown(JSON.parse(JSON.stringify(ImportKeySchema)));

export const ImportKeysSchema = strictObject(
  {
    keys: Type.Array(describedOnly, {
      minItems: 1,
      maxItems: importKeysMax,
      description: "The keys. One that cannot be imported keeps no other from it.",
    }),
    dry_run: Type.Optional(
      Type.Boolean({
        description: "True only tells what would be imported; false by default.",
        examples: [true],
      }),
    ),
  },
  {
    title: "ImportKeys",
    description: "Keys of another service.",
    examples: [
      {
        keys: [
          {
            secret: "sk-3f9c2a7d5b1e8064c7a2f9d3e6b0815c",
            label: "from the old service",
            limits: { requests_per_minute: 60 },
          },
          {
            sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            label: "known by its digest",
          },
        ],
        dry_run: true,
      },
    ],
  },
);

export const importStatuses = ["imported", "would_import", "refused"] as const;

const ImportLineSchema = strictObject(
  {
    index: Type.Integer({ minimum: 0, description: "Which of the keys, from 0.", examples: [0] }),
    label: nullable(Type.String({ examples: ["from the old service"] }), {
      description: "The label that was given; null when it cannot be one.",
    }),
    status: literals(importStatuses, "What became of the key; `would_import` in a dry run."),
    id: nullable(Type.String({ examples: ["key_019aa4c1f7e07a3cb1f60d6f5e2a9b14"] }), {
      description: "Id of the key that was made; null when none was.",
    }),
    code: nullable(Type.String({ examples: ["conflict"] }), {
      description: "The code of the error that making this key alone would get; null for none.",
    }),
    message: nullable(Type.String(), { description: "Why the key was refused, for a person." }),
    param: nullable(Type.String(), { description: "The field at fault; null when it is none." }),
  },
  { title: "ImportLine", description: "What became of one key." },
);
export type ImportLine = Static<typeof ImportLineSchema>;

const countOf = (description: string) =>
  Type.Integer({ minimum: 0, maximum: importKeysMax, description, examples: [1] });

export const ImportReportSchema = strictObject(
  {
    data: Type.Array(ImportLineSchema, { description: "A line a key, in the order given." }),
    imported: countOf("Keys that were imported."),
    would_import: countOf("Keys that would be, in a dry run."),
    refused: countOf("Keys that were refused."),
    dry_run: Type.Boolean({ description: "True when nothing was done.", examples: [true] }),
  },
  { title: "ImportReport", description: "What became of each key." },
);
export type ImportReport = Static<typeof ImportReportSchema>;
