import type { DomainError, ErrorCode } from "../core/errors.ts";
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
function wordsOf({ code, message, status, options }: DomainError): Words {
  const { retryAfterSeconds } = options;
  if (status !== 429) return { code, message };
  return {
    code: "rate_limit_exceeded",
    message:
      retryAfterSeconds === undefined
        ? message
        : `Rate limit exceeded. Please retry after ${retryAfterSeconds} seconds.`,
  };
}

interface Words {
  code: ErrorCode;
  message: string;
}

/** SkillRouter: its keys look as standard ones do. */
export const skillrouter: Dialect = {
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
          ...wordsOf(error),
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
