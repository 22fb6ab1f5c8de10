import { Type } from "@sinclair/typebox";
import { type DomainError, type ErrorCode, errorCodes } from "../core/errors.ts";
import type { Dialect } from "./dialect.ts";
import {
  actionUrlOf,
  errorFields,
  errorObject,
  errorSchema,
  paramOf,
  particularsOf,
} from "./error-fields.ts";
import { standard } from "./standard.ts";

interface Words {
  message: string;
  type: string;
  code: string;
}

const badKey: Words = {
  message: "Invalid API key",
  type: "invalid_request_error",
  code: "invalid_api_key",
};
const tooLittle: Words = {
  message: "Insufficient credits",
  type: "insufficient_balance",
  code: "insufficient_balance",
};

/** What SkillBoss has words of its own for: a missing key is said like a wrong one. */
const ownWords: Partial<Record<ErrorCode, Words>> = {
  missing_api_key: badKey,
  invalid_api_key: badKey,
  insufficient_credits: tooLittle,
  spend_limit_reached: tooLittle,
};

function wordsOf({ code, message }: DomainError): Words {
  return ownWords[code] ?? { message, type: errorCodes[code].type, code };
}

/** SkillBoss, whose clients are OpenAI's: errors have all of message, type, param and code. */
export const skillboss: Dialect = {
  prefixes: {
    workspace: { live: "sk-", test: "sk-test-" },
    user: { live: "sk-usr-", test: "sk-usr-" },
    runtime: { live: "sk-run-", test: "sk-run-" },
    management: standard.prefixes.management,
  },
  plans: [
    { slug: "free", name: "Free", perMinute: 10, perDay: null, concurrent: 2 },
    { slug: "starter", name: "Starter", perMinute: 60, perDay: null, concurrent: 10 },
    // "Negotiable": the operator gives the limits, by key or by plan.
    { slug: "pro", name: "Pro", perMinute: null, perDay: null, concurrent: null },
  ],
  errors: {
    // "Incorrect key format" is a cause of its 401.
    saidAs: { malformed_authorization: "invalid_api_key" },
    body: (error) => {
      const { message, type, code } = wordsOf(error);
      return {
        error: {
          message,
          type,
          param: paramOf(error),
          code,
          ...actionUrlOf(error.options),
          ...particularsOf(error.options),
        },
      };
    },
    schema: errorSchema({
      error: errorObject({
        message: errorFields.message,
        type: Type.String({
          description: "The family the code belongs to.",
          examples: ["invalid_request_error"],
        }),
        param: errorFields.param,
        code: Type.String({
          description: "The stable word for what went wrong.",
          examples: ["invalid_api_key"],
        }),
        action_url: errorFields.actionUrl,
        shortage: errorFields.shortage,
        details: errorFields.details,
      }),
    }),
  },
  limitHeadersEverywhere: true,
};
