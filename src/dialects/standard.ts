import { type DomainError, errorCodes } from "../core/errors.ts";
import type { Dialect, ErrorPlace, ErrorStyle } from "./dialect.ts";
import {
  actionUrlOf,
  errorFields,
  errorObject,
  errorSchema,
  paramOf,
  particularsOf,
  retryAfterOf,
} from "./error-fields.ts";

/** The shape of every error; what `http/render-error.ts` makes problem details from. */
export const StandardErrorSchema = errorSchema({
  error: errorObject({
    type: errorFields.type,
    message: errorFields.message,
    code: errorFields.code,
    param: errorFields.param,
    request_id: errorFields.requestId,
    retry_after: errorFields.retryAfter,
    action_url: errorFields.actionUrl,
    shortage: errorFields.shortage,
    details: errorFields.details,
  }),
});

export const standardErrors = {
  body: (error: DomainError, { requestId }: Pick<ErrorPlace, "requestId">) => ({
    error: {
      type: errorCodes[error.code].type,
      code: error.code,
      message: error.message,
      param: paramOf(error),
      request_id: requestId,
      ...retryAfterOf(error.options),
      ...actionUrlOf(error.options),
      ...particularsOf(error.options),
    },
  }),
  schema: StandardErrorSchema,
} satisfies ErrorStyle;

/** Tollgate's own style. */
export const standard = {
  // Only workspace keys say their environment.
  prefixes: {
    workspace: { live: "sk_live_", test: "sk_test_" },
    user: { live: "usk_", test: "usk_" },
    runtime: { live: "rtk_", test: "rtk_" },
    management: { live: "mk_", test: "mk_" },
  },
  plans: [
    { slug: "free", name: "Free", perMinute: 60, perDay: 1_000, concurrent: null },
    { slug: "starter", name: "Starter", perMinute: 60, perDay: null, concurrent: 10 },
    { slug: "pro", name: "Pro", perMinute: 600, perDay: 50_000, concurrent: null },
    { slug: "enterprise", name: "Enterprise", perMinute: null, perDay: null, concurrent: null },
    { slug: "unlimited", name: "Unlimited", perMinute: null, perDay: null, concurrent: null },
  ],
  errors: standardErrors,
} as const satisfies Dialect;
