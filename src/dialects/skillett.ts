import { Type } from "@sinclair/typebox";
import type { DomainError } from "../core/errors.ts";
import type { Dialect, ErrorPlace } from "./dialect.ts";
import { errorFields, errorSchema, paramOf, particularsOf } from "./error-fields.ts";
import { standard } from "./standard.ts";

const oneForm = { live: "sk_", test: "sk_" };

function messageOf({ code, message, options }: DomainError): string {
  if (code !== "daily_limit_reached") return message;
  return `Daily API call limit reached (${options.limit}). Resets at midnight UTC.`;
}

/** Every error has a link: to where more can be bought for what ran out, else to the documentation. */
function linkOf({ status, options }: DomainError, { billingUrl, docsUrl }: ErrorPlace): string {
  if (options.actionUrl !== undefined) return options.actionUrl;
  const isUsedUp = status === 402 || status === 429;
  return isUsedUp && billingUrl !== undefined ? billingUrl : docsUrl();
}

/** Skillett: keys are `sk_` and hex, the first 8 of it the key prefix; successes are wrapped. */
export const skillett: Dialect = {
  prefixes: {
    workspace: oneForm,
    user: oneForm,
    runtime: oneForm,
    management: standard.prefixes.management,
  },
  plans: [
    { slug: "free", name: "Free", perMinute: 30, perDay: 10_000, concurrent: null },
    // "Higher" and "Highest": figures of ours, which the operator changes.
    { slug: "pro", name: "Pro", perMinute: 600, perDay: 50_000, concurrent: null },
    { slug: "unlimited", name: "Unlimited", perMinute: null, perDay: null, concurrent: null },
  ],
  errors: {
    body: (error, place) => {
      const param = paramOf(error);
      return {
        error: error.code,
        message: messageOf(error),
        action_url: linkOf(error, place),
        ...(param === null ? {} : { param }),
        ...particularsOf(error.options),
      };
    },
    schema: errorSchema({
      error: errorFields.code,
      message: errorFields.message,
      action_url: Type.String({
        format: "uri-reference",
        description:
          "Where something can be done about it, or read. A path alone where the request had no good Host.",
        examples: ["https://keys.example.com/docs"],
      }),
      param: errorFields.namedParam,
      shortage: errorFields.shortage,
      details: errorFields.details,
    }),
  },
  envelope: {
    paths: ["/api-keys", "/auth/device/"],
    before: (status) => `{"status":${status},"data":`,
    after: "}",
    description:
      "Successes of the data plane and of `/api-keys` are wrapped: `status` is that of the response, `data` the answer.",
    wrap: ({ schema, example }, status) => ({
      schema: {
        type: "object",
        description: "The answer, wrapped.",
        required: ["status", "data"],
        properties: {
          status: {
            type: "integer",
            format: "int32",
            description: "The status of the response.",
            example: status,
          },
          data: schema,
        },
      },
      example: { status, data: example },
    }),
  },
  scopeWords: {
    commaLists: true,
    description:
      'Scopes may also be separated by commas, in the items of the list (`["github,gmail"]`). The server reads one text in place of the list as well (`"github,gmail"`), which the schema does not show: generated clients have no type for either of two.',
  },
};
