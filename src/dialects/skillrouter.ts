import type { DomainError } from "../core/errors.ts";
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

/** SkillRouter has one code for every limit, and one sentence. */
function codeOf({ code }: DomainError): string {
  return code === "daily_limit_reached" || code === "concurrency_limit_reached"
    ? "rate_limit_exceeded"
    : code;
}

function messageOf({ code, message, options }: DomainError): string {
  if (code !== "daily_limit_reached") return message;
  return `Rate limit exceeded. Please retry after ${options.retryAfterSeconds} seconds.`;
}

/** SkillRouter: its keys look as standard ones do. */
export const skillrouter: Dialect = {
  title: "SkillRouter",
  prefixes: standard.prefixes,
  plans: [
    { slug: "free", name: "Free", perMinute: 60, perDay: 1_000, concurrent: null },
    { slug: "pro", name: "Pro", perMinute: 600, perDay: 50_000, concurrent: null },
    // "Custom": the operator gives the limits, by key or by plan.
    { slug: "enterprise", name: "Enterprise", perMinute: null, perDay: null, concurrent: null },
  ],
  errors: {
    body: (error) => {
      const param = paramOf(error);
      return {
        error: {
          code: codeOf(error),
          message: messageOf(error),
          ...retryAfterOf(error.options),
          ...(param === null ? {} : { param }),
          ...actionUrlOf(error.options),
          ...particularsOf(error.options),
        },
      };
    },
    schema: errorSchema({
      error: errorObject({
        code: errorFields.code,
        message: errorFields.message,
        retry_after: errorFields.retryAfter,
        param: errorFields.namedParam,
        action_url: errorFields.actionUrl,
        shortage: errorFields.shortage,
        details: errorFields.details,
      }),
    }),
  },
  limitHeadersEverywhere: true,
  scopeWords: {
    aliases: { "read-only": ["discover"], "full-access": ["discover", "execute"] },
    description: "`read-only` is read as `discover`, `full-access` as `discover` and `execute`.",
  },
};
