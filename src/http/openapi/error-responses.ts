import type { ErrorCode } from "../../core/errors.ts";
import type { Dialect } from "../../dialects/dialect.ts";
import { ProblemSchema } from "../error-schemas.ts";
import type { RouteAccess } from "../route-access.ts";
import type { ComponentSchemas } from "./component-schemas.ts";
import { errorExampleIn, problemExample } from "./error-examples.ts";
import {
  addressLimitHeaders,
  type HeaderName,
  headerReferences,
  limitHeaders,
} from "./response-headers.ts";

interface ErrorResponse {
  name: string;
  description: string;
  /** The codes shown as examples; with none the answer has no body. */
  codes: readonly ErrorCode[];
  headers?: readonly HeaderName[];
}

const byStatus: Readonly<Record<number, ErrorResponse>> = {
  400: {
    name: "BadRequest",
    description:
      "The request is malformed: a header it cannot do without, such as Host, or a body that is no JSON.",
    codes: ["malformed_authorization", "invalid_request", "invalid_json"],
    headers: ["WWW-Authenticate", ...limitHeaders],
  },
  401: {
    name: "Unauthorized",
    description:
      "There is no key and no session, or one that cannot be used; which of the reasons is not told.",
    codes: [
      "missing_api_key",
      "invalid_api_key",
      "missing_credentials",
      "invalid_session",
      "login_failed",
    ],
    headers: ["WWW-Authenticate"],
  },
  402: {
    name: "PaymentRequired",
    description:
      "The credits of the organization, or a spend limit, do not reach. Nothing was charged.",
    codes: ["insufficient_credits", "spend_limit_reached"],
    headers: limitHeaders,
  },
  403: {
    name: "Forbidden",
    description: "The key or the session is good, but may not do this. A missing scope is named.",
    codes: [
      "insufficient_scope",
      "insufficient_role",
      "wrong_key_type",
      "ip_not_allowed",
      "skill_not_allowed",
      "owner_suspended",
      "cross_site_request",
    ],
    headers: ["WWW-Authenticate", ...limitHeaders],
  },
  404: {
    name: "NotFound",
    description: "There is no such thing, or it belongs to another organization.",
    codes: ["not_found"],
    headers: limitHeaders,
  },
  409: {
    name: "Conflict",
    description: "The current state does not allow it.",
    codes: ["conflict", "key_revoked", "hold_closed", "idempotency_in_progress"],
    headers: ["Retry-After", ...limitHeaders],
  },
  410: {
    name: "Gone",
    description: "The link was used, has expired or never was.",
    codes: ["link_not_valid"],
  },
  413: {
    name: "PayloadTooLarge",
    description: "The body is larger than 1 MiB; that of an import, than 8 MiB.",
    codes: ["payload_too_large"],
    headers: limitHeaders,
  },
  415: {
    name: "UnsupportedMediaType",
    description: "The body is not sent as JSON.",
    codes: ["unsupported_media_type"],
    headers: limitHeaders,
  },
  422: {
    name: "ValidationFailed",
    description: "The request does not validate. Every field at fault is named.",
    codes: ["validation_failed", "price_not_found", "idempotency_key_reused"],
    headers: limitHeaders,
  },
  429: {
    name: "TooManyRequests",
    description: "A limit of the key is reached, or that of an address without a good key.",
    codes: ["rate_limit_exceeded", "daily_limit_reached", "concurrency_limit_reached"],
    headers: ["Retry-After", ...limitHeaders],
  },
  500: {
    name: "InternalError",
    description: "Something went wrong on this side.",
    codes: ["internal_error"],
    headers: limitHeaders,
  },
  503: {
    name: "Unavailable",
    description: "The database cannot be used just now. Nothing was changed; try again.",
    codes: ["database_busy", "storage_full", "storage_failed", "overloaded"],
    headers: ["Retry-After", ...limitHeaders],
  },
};

/** Which errors an operation can answer with, by what it takes and who may call it. */
export function errorStatuses(operation: {
  access: RouteAccess;
  /** The statuses that the route names itself, such as 409. */
  declared: readonly number[];
  /** A path parameter, or the header with an organization: something that may not be there. */
  namesThings: boolean;
  /** Parameters or a body: something to validate. */
  hasInput: boolean;
  /** A body that is sent is read, also where none is wanted. */
  readsBody: boolean;
}): number[] {
  const { access, declared, namesThings, hasInput, readsBody } = operation;
  return [
    ...declared.filter((status) => status >= 400),
    400,
    ...(access.kind === "public" ? [] : [401, 403, 429, 503]),
    ...(namesThings ? [404] : []),
    ...(hasInput ? [422] : []),
    ...(readsBody ? [413, 415] : []),
    500,
  ];
}

/** References to the shared responses of these statuses. */
export function errorReferences(statuses: readonly number[]) {
  return Object.fromEntries(
    statuses.map((status) => [status, { $ref: `#/components/responses/${find(status).name}` }]),
  );
}

/** The shared responses, by name. */
export function errorResponses(schemas: ComponentSchemas, dialect: Dialect) {
  const error = schemas.refer(dialect.errors.schema, "response");
  const errorExample = (code: ErrorCode) => errorExampleIn(dialect, code);
  const problem = schemas.refer(ProblemSchema, "response");
  return Object.fromEntries(
    Object.values(byStatus).map(({ name, description, codes: all, headers = [] }) => {
      // A code that is said as another has that one's status, where it stands already.
      const codes = all.filter((code) => dialect.errors.saidAs?.[code] === undefined);
      const content = {
        "application/json": { schema: error, examples: examples(codes, errorExample) },
        "application/problem+json": { schema: problem, examples: examples(codes, problemExample) },
      };
      const common = ["X-Request-Id", "Cache-Control"] as const;
      const isEverywhere = dialect.limitHeadersEverywhere === true;
      const names = [...common, ...headers, ...(isEverywhere ? addressLimitHeaders : [])];
      return [name, { description, headers: headerReferences(names), content }];
    }),
  );
}

function examples(codes: readonly ErrorCode[], exampleOf: (code: ErrorCode) => unknown) {
  return Object.fromEntries(codes.map((code) => [code, { value: exampleOf(code) }]));
}

function find(status: number): ErrorResponse {
  const response = byStatus[status];
  if (response === undefined) throw new Error(`The status ${status} is not described`);
  return response;
}
