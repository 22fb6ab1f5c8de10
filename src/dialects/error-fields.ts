import { Type } from "@sinclair/typebox";
import { type DomainError, type ErrorCode, type ErrorOptions, errorCodes } from "../core/errors.ts";
import { shortageKinds } from "../core/money.ts";

const closed = { additionalProperties: false };
const codes = Object.keys(errorCodes) as ErrorCode[];

const FieldErrorSchema = Type.Object(
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
  { ...closed, title: "FieldError", description: "One field that failed validation." },
);

const ShortageSchema = Type.Object(
  {
    of: Type.String({
      enum: [...shortageKinds],
      description: "What ran out: `credits`, or the spend limit of a `key`, `workspace` or `user`.",
      examples: ["credits"],
    }),
    left: Type.Number({ minimum: 0, description: "What is left of it, in USD.", examples: [0.25] }),
    asked: Type.Number({ minimum: 0, description: "What was asked, in USD.", examples: [1.5] }),
  },
  { ...closed, title: "Shortage", description: "With 402: which limit refuses." },
);

/** The fields that shapes of errors are put together from. */
export const errorFields = {
  code: Type.Unsafe<ErrorCode>(
    Type.String({
      enum: codes,
      description: "The stable word for what went wrong.",
      examples: ["not_found"],
    }),
  ),
  type: Type.String({
    enum: [...new Set(Object.values(errorCodes).map(({ type }) => type))],
    description: "The family the code belongs to.",
    examples: ["not_found_error"],
  }),
  message: Type.String({ description: "A sentence for a person.", examples: ["No such key."] }),
  param: Type.Union([Type.String(), Type.Null()], {
    description: "The field or parameter at fault; null when it is none.",
  }),
  namedParam: Type.Optional(
    Type.String({ description: "The field or parameter at fault.", examples: ["label"] }),
  ),
  requestId: Type.String({
    description: "The same as in the header X-Request-Id; quote it when you ask for help.",
    examples: ["req_4f1c09ab2e0000001"],
  }),
  retryAfter: Type.Optional(
    Type.Integer({ minimum: 1, description: "Whole seconds to wait before the next try." }),
  ),
  actionUrl: Type.Optional(
    Type.String({ format: "uri", description: "Where a person can do something about it." }),
  ),
  shortage: Type.Optional(ShortageSchema),
  details: Type.Optional(
    Type.Array(FieldErrorSchema, { description: "With validation_failed: every field at fault." }),
  ),
};

/** The schema of an error. */
export function errorSchema<T extends Parameters<typeof Type.Object>[0]>(properties: T) {
  return Type.Object(properties, { ...closed, title: "Error", description: "What went wrong." });
}

/** An object inside an error. */
export function errorObject<T extends Parameters<typeof Type.Object>[0]>(properties: T) {
  return Type.Object(properties, closed);
}

/** What an error says beyond code and message, where it says anything. */
export function retryAfterOf({ retryAfterSeconds }: ErrorOptions) {
  return retryAfterSeconds === undefined ? {} : { retry_after: retryAfterSeconds };
}

/** A link for a person, where there is one. */
export function actionUrlOf({ actionUrl }: ErrorOptions) {
  return actionUrl === undefined ? {} : { action_url: actionUrl };
}

/** Every field at fault of a 422, and what ran out of a 402. */
export function particularsOf({ fields, shortage }: ErrorOptions) {
  return {
    ...(fields === undefined ? {} : { details: fields }),
    ...(shortage === undefined ? {} : { shortage }),
  };
}

/** The field at fault, or null. */
export function paramOf({ options: { param, fields } }: DomainError): string | null {
  return param ?? fields?.[0]?.param ?? null;
}
