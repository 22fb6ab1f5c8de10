import { type Static, Type } from "@sinclair/typebox";
import { type ErrorCode, errorCodes } from "../core/errors.ts";
import { nullable, strictObject } from "./schema-parts.ts";

const codes = Object.keys(errorCodes) as ErrorCode[];
const types = [...new Set(Object.values(errorCodes).map(({ type }) => type))];

const FieldErrorSchema = strictObject(
  {
    param: Type.String({
      description: "The field, as a dotted path.",
      examples: ["limits.requests_per_day"],
    }),
    message: Type.String({
      description: "What is wrong with it.",
      examples: ["Expected integer."],
    }),
  },
  { title: "FieldError", description: "One field that failed validation." },
);

/** What both shapes of an error say. */
const members = {
  code: Type.Unsafe<ErrorCode>(
    Type.String({
      enum: codes,
      description: "The stable word for what went wrong.",
      examples: ["not_found"],
    }),
  ),
  param: nullable(Type.String(), {
    description: "The field or parameter at fault; null when it is none.",
  }),
  request_id: Type.String({
    description: "The same as in the header X-Request-Id; quote it when you ask for help.",
    examples: ["req_4f1c09ab2e0000001"],
  }),
  retry_after: Type.Optional(
    Type.Integer({ minimum: 1, description: "Whole seconds to wait before the next try." }),
  ),
  action_url: Type.Optional(
    Type.String({ format: "uri", description: "Where a person can do something about it." }),
  ),
  shortage: Type.Optional(
    strictObject(
      {
        of: Type.String({
          description:
            "What ran out: `credits`, or the spend limit of a `key`, `workspace` or `user`.",
          examples: ["credits"],
        }),
        left: Type.Number({
          minimum: 0,
          description: "What is left of it, in USD.",
          examples: [0.25],
        }),
        asked: Type.Number({ minimum: 0, description: "What was asked, in USD.", examples: [1.5] }),
      },
      { title: "Shortage", description: "With 402: which limit refuses." },
    ),
  ),
  details: Type.Optional(
    Type.Array(FieldErrorSchema, { description: "With validation_failed: every field at fault." }),
  ),
};

/** The shape of every error. */
export const ErrorSchema = strictObject(
  {
    error: strictObject({
      type: Type.String({
        enum: types,
        description: "The family the code belongs to.",
        examples: ["not_found_error"],
      }),
      message: Type.String({
        description: "A sentence for a person.",
        examples: ["No such key."],
      }),
      ...members,
    }),
  },
  { title: "Error", description: "What went wrong." },
);
export type ErrorBody = Static<typeof ErrorSchema>;

/** The same for those who accept `application/problem+json` (RFC 9457). */
export const ProblemSchema = strictObject(
  {
    type: Type.String({
      format: "uri",
      description: "A URN that names the problem; it does not lead anywhere.",
      examples: ["urn:tollgate:error:not_found"],
    }),
    title: Type.String({ description: "The problem in words that stay.", examples: ["Not found"] }),
    status: Type.Integer({
      minimum: 400,
      maximum: 599,
      description: "The status of the response.",
      examples: [404],
    }),
    detail: Type.String({ description: "A sentence for a person.", examples: ["No such key."] }),
    ...members,
  },
  { title: "Problem", description: "What went wrong, as RFC 9457 has it." },
);
export type ProblemBody = Static<typeof ProblemSchema>;
