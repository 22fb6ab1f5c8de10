import { Type } from "@sinclair/typebox";
import { type DomainError, errorCodes } from "../core/errors.ts";
import type { Dialect } from "./dialect.ts";
import {
  actionUrlOf,
  errorFields,
  errorObject,
  errorSchema,
  paramOf,
  particularsOf,
  retryAfterOf,
} from "./error-fields.ts";
import { standard } from "./standard.ts";

function messageOf({ code, message }: DomainError): string {
  return code === "invalid_api_key" || code === "missing_api_key" ? "Invalid API key" : message;
}

/** SearchRouter: `sk-sr-…`, everything below /api/v1, the code of an error is the status. */
export const searchrouter: Dialect = {
  prefixes: {
    workspace: { live: "sk-sr-", test: "sk-sr-test-" },
    user: { live: "sk-sr-usr-", test: "sk-sr-usr-" },
    runtime: { live: "sk-sr-run-", test: "sk-sr-run-" },
    management: standard.prefixes.management,
  },
  // Its page names no plans: what limits a key there is money.
  plans: standard.plans,
  errors: {
    // "Missing, malformed, or revoked keys return 401."
    saidAs: { malformed_authorization: "invalid_api_key" },
    body: (error) => {
      const param = paramOf(error);
      return {
        error: {
          code: error.status,
          message: messageOf(error),
          type: errorCodes[error.code].type,
          ...(param === null ? {} : { param }),
          ...retryAfterOf(error.options),
          ...actionUrlOf(error.options),
          ...particularsOf(error.options),
        },
      };
    },
    schema: errorSchema({
      error: errorObject({
        code: Type.Integer({
          minimum: 400,
          maximum: 599,
          description: "The status of the response.",
          examples: [401],
        }),
        message: errorFields.message,
        type: errorFields.type,
        param: errorFields.namedParam,
        retry_after: errorFields.retryAfter,
        action_url: errorFields.actionUrl,
        shortage: errorFields.shortage,
        details: errorFields.details,
      }),
    }),
  },
  aliases: [{ at: "/api/v1", of: "/v1", operationSuffix: "ApiV1" }],
};
